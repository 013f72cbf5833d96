"""The directory of a DAG version as it lies on a disk: its files, and its digest."""

import hashlib
import os
import posixpath
import stat
from typing import NamedTuple

from .. import layout


class Content(NamedTuple):
    """What lies there.

    Attributes:
        files: Path below the version's directory to whether it is executable, sorted.
        links: Names of links to the DAG directory beside it.
        other: A path that is neither, empty where there is none.

    """

    files: dict[str, bool]
    links: tuple[str, ...]
    other: str


def content(directory: str) -> Content:
    """Returns what lies in the directory of a version.

    Raises:
        OSError: It cannot be read.

    """
    files: dict[str, bool] = {}
    links: list[str] = []
    other = ""
    for above, directories, names in os.walk(directory, onerror=_raise):
        for name in (*directories, *names):
            path = os.path.join(above, name)
            place = os.path.relpath(path, directory)
            mode = os.lstat(path).st_mode
            if stat.S_ISREG(mode):
                files[place] = bool(mode & stat.S_IXUSR)
            elif stat.S_ISLNK(mode) and above == directory and os.readlink(path) == layout.DAGS:
                links.append(name)
            elif not stat.S_ISDIR(mode):
                other = place
    return Content(dict(sorted(files.items())), tuple(links), other)


def digest(directory: str) -> str:
    """Returns the digest of the DAG tree in the directory of a version, as `image/tree/model.py` makes it of one.

    It is empty where the directory is not there, or holds what no version does.
    """
    try:
        found = content(directory)
        if found.other or len(found.links) > 1:
            return ""
        whole = hashlib.sha256()
        by_path = {posixpath.relpath(place, layout.DAGS): place for place in found.files}
        for path in sorted(by_path):
            with open(os.path.join(directory, by_path[path]), "rb") as file:
                data = file.read()
            whole.update(f"{path}\0{'x' if found.files[by_path[path]] else '-'}\0{len(data)}\0".encode())
            whole.update(data)
    except (OSError, UnicodeEncodeError):
        return ""
    for link in found.links:
        whole.update(f"{link}\0link".encode())
    return whole.hexdigest()


def differing(one: str, other: str) -> list[str]:
    """Returns the paths that are not the same in the directories of two versions, sorted; a link is one of them.

    Raises:
        OSError: One of them cannot be read.

    """
    here, there = content(one), content(other)
    paths = set(here.files) ^ set(there.files) | set(here.links) ^ set(there.links)
    for path in set(here.files) & set(there.files):
        if here.files[path] != there.files[path] or not _same(os.path.join(one, path), os.path.join(other, path)):
            paths.add(path)
    return sorted(paths)


def _same(one: str, other: str) -> bool:
    if os.path.getsize(one) != os.path.getsize(other):
        return False
    with open(one, "rb") as here, open(other, "rb") as there:
        return here.read() == there.read()


def _raise(failed: OSError) -> None:
    raise failed
