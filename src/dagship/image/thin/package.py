"""Packs what differs in a DAG tree from the one that a running image has. Pure.

A package is read by the image's own program, `inside/versions/thin/package.py`, and so is each one here before it goes
anywhere: what a pod would refuse is not sent.
"""

import io
import json
import posixpath
import tarfile
import zlib
from collections.abc import Sequence

from dagship.image.tree.archive import TIME
from dagship.image.tree.model import Tree, TreeFile
from dagship.inside.versions.layout import DAGS
from dagship.inside.versions.thin import package as inside

_GZIP = 31


class Unfit(Exception):  # noqa: N818 - what is raised is a sentence for people
    """A difference that cannot travel as a package; the text is a sentence."""


def pack(tree: Tree, base: Tree, foundation: str) -> bytes:
    """Returns the package by which a pod makes a tree of the one that its image has; the same for the same ones.

    Args:
        tree: The tree.
        base: The tree of the version that is current in the running image.
        foundation: What that image is built on.

    Raises:
        Unfit: A pod could not take it.

    """
    there = {file.path: file for file in base.files}
    if any("__pycache__" in file.path.split("/") for file in (*tree.files, *base.files)):
        raise Unfit("The DAGs hold a directory __pycache__, which Python changes where they run.")
    head = {
        "form": inside.FORM,
        "version": tree.version,
        "tree": tree.digest,
        "base": base.version,
        "foundation": foundation,
        "removed": sorted(_place(path) for path in there.keys() - {file.path for file in tree.files}),
        "link": tree.link,
    }
    files = [TreeFile(path=inside.HEAD, executable=False, content=json.dumps(head, sort_keys=True).encode())]
    files += [
        TreeFile(path=_place(file.path), executable=file.executable, content=file.content)
        for file in tree.files
        if there.get(file.path) != file
    ]
    data = _compressed(_archive(files))
    if unpack(data, base).digest != tree.digest:
        raise Unfit("The package of what differs does not give the DAGs that it was made of.")
    return data


def unpack(data: bytes, base: Tree) -> Tree:
    """Returns the tree that a pod assembles by a package.

    Args:
        data: The package.
        base: The tree of the version that it is the difference from.

    Raises:
        Unfit: A pod would not take it.

    """
    there = {_place(file.path): file for file in base.files}
    try:
        package = inside.read(data)
        same = inside.kept(package, there)
    except inside.Wrong as wrong:
        raise Unfit(str(wrong)) from wrong
    files = [there[place] for place in same]
    files += [
        TreeFile(path=posixpath.relpath(file.path, DAGS), executable=file.executable, content=file.content)
        for file in package.files
    ]
    return Tree(source=base.source, files=tuple(sorted(files, key=lambda file: file.path)), link=package.link)


def _place(path: str) -> str:
    return posixpath.normpath(f"{DAGS}/{path}")


def _archive(files: Sequence[TreeFile]) -> bytes:
    buffer = io.BytesIO()
    try:
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT, encoding="utf-8") as archive:
            for file in files:
                member = tarfile.TarInfo(file.path)
                member.mode, member.mtime, member.size = 0o555 if file.executable else 0o444, TIME, len(file.content)
                archive.addfile(member, io.BytesIO(file.content))
    except ValueError as too_long:
        raise Unfit(f"The name of one of the files that differ is too long for a package ({too_long}).") from too_long
    return buffer.getvalue()


def _compressed(data: bytes) -> bytes:
    """In gzip, without a time or a name."""
    packing = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    return packing.compress(data) + packing.flush()
