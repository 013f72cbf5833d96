"""Finds what of a commit git did not fetch, although its name is there: submodules, and files that Git LFS keeps."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import replace

from .. import layout
from ..state import Finding, Verdict
from . import pointer

_MOST = 20


def told(verdict: Verdict, directory: str) -> Verdict:
    """Returns a verdict on a directory that also says what is lacking there: why it was refused, or a note."""
    found = tuple(itertools.islice(lacking(directory), _MOST))
    if verdict.passed:
        return replace(verdict, notes=(*verdict.notes, *found))
    return replace(verdict, findings=(*verdict.findings, *found))


def lacking(directory: str) -> Iterator[Finding]:
    """Yields what is lacking in the directory of a version."""
    for above, directories, names in os.walk(directory):
        directories.sort()
        where = os.path.relpath(above, directory)
        where = "." if where == layout.DAGS else where.removeprefix(f"{layout.DAGS}{os.sep}")
        if not directories and not names and above != directory:  # git keeps no other directory that is empty
            yield Finding(where, "It is a submodule, and the sync fetches none: the directory is empty.")
        for name in sorted(names):
            if _is_pointer(os.path.join(above, name)):
                error = "It is a pointer of Git LFS, and the sync does not fetch what it stands for."
                yield Finding(os.path.normpath(os.path.join(where, name)), error)


def _is_pointer(path: str) -> bool:
    if os.path.islink(path) or os.path.getsize(path) >= pointer.LONGEST:
        return False
    with open(path, "rb") as file:
        return pointer.is_pointer(file.read(pointer.LONGEST))
