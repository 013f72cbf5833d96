"""What an image holds beside its DAGs, for who compares it with another: files of the tree, and packages."""

import base64
import hashlib
import os
import re
import zlib
from collections.abc import Iterable, Iterator

MOST_FILES = 100_000
"""Files of a tree that are looked at."""
MOST_TEXT = 16 * 1024 * 1024
"""Longest text of a serialized DAG that is kept, characters."""

UNKNOWN = "?"
"""Stands for what a file imports where that cannot be told; no file of a tree is called so."""

# A DAG file may replace them.
_compress, _encode, _relpath, _realpath = zlib.compress, base64.b64encode, os.path.relpath, os.path.realpath
_DISTRIBUTION = re.compile(r"(.+?)-([^-]+?)(?:-.*)?\.(?:dist-info|egg-info)")
_FASTEST = 1


def packed(text: str) -> str:
    """Returns a text as base64 of zlib's, empty for one that is too long."""
    if len(text) > MOST_TEXT:
        return ""
    return _encode(_compress(text.encode("utf-8", "replace"), _FASTEST)).decode("ascii")


def imported(paths: Iterable[str], root: str) -> "list[str]":
    """Returns paths relative to the DAG directory, sorted, by the names that `files` has for them.

    What is included lies at `../NAME`. What is reached through a link, as the DAG directory is by its name in the
    project, is named where it lies. What Python has compiled is no file of the tree.
    """
    return sorted({_relpath(_realpath(path), _realpath(root)) for path in paths if not path.endswith(".pyc")})


def files(root: str, top: str) -> "dict[str, str]":
    """Returns the files of a DAG tree, each with its SHA-256.

    Args:
        root: The DAG directory; paths are relative to it.
        top: The directory that it lies in with all that is included; the same where nothing is.

    """
    found: dict[str, str] = {}
    for path in _walk(top):
        if len(found) >= MOST_FILES:
            break
        try:
            with open(path, "rb") as file:
                found[_relpath(path, root)] = hashlib.sha256(file.read()).hexdigest()
        except OSError:
            continue  # whoever imports it says so
    return found


def _walk(top: str) -> Iterator[str]:
    for directory, inner, names in os.walk(top):
        inner[:] = sorted(name for name in inner if name != "__pycache__")
        for name in sorted(names):
            path = os.path.join(directory, name)
            if not name.endswith(".pyc") and os.path.isfile(path):
                yield path


def packages(path: "Iterable[str]") -> "dict[str, str]":
    """Returns the distributions that Python imports from, canonical name to version, the first of each name.

    By the names of their directories: to read what is in them takes a hundred times as long.
    """
    found: dict[str, str] = {}
    for entry in path:
        try:
            names = sorted(os.listdir(entry or "."))
        except OSError:
            continue
        for name in names:
            named = _DISTRIBUTION.fullmatch(name)
            if named:
                found.setdefault(re.sub(r"[-_.]+", "-", named[1]).lower(), named[2])
    return found
