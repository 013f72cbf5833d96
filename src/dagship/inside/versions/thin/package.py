"""A package: what differs in a DAG version from the one that it is assembled from. Read within limits. Pure.

It is a tar archive in gzip. First comes `package.json`, then the files that are new or not the same, each at its path
below the directory of the version. Packed by dagship's `image/thin/package.py`, which reads it back by this.
"""

import json
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from .. import layout

FORM = 1
HEAD = "package.json"
MOST_PACKED = 512 * 1024
"""Bytes of a package: it travels in an object of Kubernetes."""
MOST_UNPACKED = 16 * 1024 * 1024
"""Bytes that it unpacks to: a task that lacks the version has them in its memory."""
MOST_PATHS = 10_000

_BLOCK = 512
_GZIP = 31
_LONGEST_NAME = 255
_DEEPEST = 102
_MODES = {0o444: False, 0o555: True}
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ID_DIGITS = 12
_ID = re.compile(rf"[0-9a-f]{{{_ID_DIGITS}}}")


class Wrong(Exception):  # noqa: N818 - what is raised is a sentence for people
    """A package that cannot be used; the text is a sentence."""


class File(NamedTuple):
    """A file of a version: its path below the version's directory, whether it is executable, and its bytes."""

    path: str
    executable: bool
    content: bytes


@dataclass(frozen=True)
class Package:
    """What differs in a DAG version from another.

    Attributes:
        version: Its id.
        tree: Its whole digest.
        base: The id of the version that it is the difference from.
        foundation: The foundation of the image that has that one.
        removed: Paths of the base that it does not have.
        link: Name of the link to its DAG directory, empty for none.
        files: What is new in it, or not the same.

    """

    version: str
    tree: str
    base: str
    foundation: str
    removed: tuple[str, ...]
    link: str
    files: tuple[File, ...]


def read(data: bytes) -> Package:
    """Reads a package.

    Raises:
        Wrong: It is damaged, of another form, or larger than anything that is sent.

    """
    members = _members(_unpacked(data))
    first = next(members, None)
    if first is None or first.path != HEAD:
        _wrong(f"{HEAD} does not come first in it")
    head = _document(first.content)
    files = tuple(members)
    removed = head["removed"]
    if len(files) + len(removed) > MOST_PATHS:
        _wrong(f"it is about more than {MOST_PATHS} files")
    paths = [*(file.path for file in files), *removed]
    if len(set(paths)) < len(paths):
        _wrong("it names a file twice")
    for path in paths:
        _check(path)
    return Package(**{**head, "removed": tuple(removed)}, files=files)


def kept(package: Package, base: Iterable[str]) -> tuple[str, ...]:
    """Returns the files of the base that stay as they are in the version, sorted.

    Args:
        package: What differs.
        base: The files of the version that it is the difference from.

    Raises:
        Wrong: They cannot be those: what is removed is not there, or a file would lie where a directory has to.

    """
    there = set(base)
    missing = next((path for path in package.removed if path not in there), None)
    if missing is not None:
        _wrong(f"it removes {missing!r}, which the version {package.base} does not have")
    new = {file.path for file in package.files}
    same = there.difference(new, package.removed)
    taken = same | new | {package.link}
    for path in same | new:
        inner = next((above for above in _above(path) if above in taken), None)
        if inner is not None or path == package.link:
            _wrong(f"{inner or path!r} would be two things in the version")
    return tuple(sorted(same))


def _above(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts)))


def _unpacked(data: bytes) -> bytes:
    if len(data) > MOST_PACKED:
        _wrong(f"it has {len(data)} bytes, and a package may have {MOST_PACKED}")
    unpacking = zlib.decompressobj(_GZIP)
    try:
        found = unpacking.decompress(data, MOST_UNPACKED + 1)
    except zlib.error as damaged:
        raise Wrong(f"The package cannot be used: it is damaged ({damaged}).") from damaged
    if len(found) > MOST_UNPACKED:
        _wrong(f"it unpacks to more than {MOST_UNPACKED} bytes")
    if not unpacking.eof:
        _wrong("it ends too early")
    if unpacking.unused_data:
        _wrong("it goes on after its end")
    return found


def _members(data: bytes) -> Iterator[File]:
    """Yields what is in an archive. Each header is read alone: what extends others has led tarfile in circles."""
    at = 0
    while data[at : at + _BLOCK].strip(b"\0"):
        try:
            member = tarfile.TarInfo.frombuf(data[at : at + _BLOCK], "utf-8", "strict")
        except (tarfile.HeaderError, ValueError) as damaged:
            raise Wrong(f"The package cannot be used: it is damaged ({damaged}).") from damaged
        if member.type != tarfile.REGTYPE or member.mode not in _MODES:
            _wrong(f"{member.name!r} is more than a plain file in it")
        start = at + _BLOCK
        if not 0 <= member.size <= len(data) - start:
            _wrong(f"{member.name!r} does not end in it")
        yield File(member.name, _MODES[member.mode], data[start : start + member.size])
        at = start + (member.size + _BLOCK - 1) // _BLOCK * _BLOCK
    if at >= len(data) or data[at:].strip(b"\0"):
        _wrong("its archive does not end as one does")


def _document(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        _wrong(f"its {HEAD} is no JSON")
    if not isinstance(found, dict):
        _wrong(f"its {HEAD} is no JSON object")
    if found.get("form") != FORM:
        _wrong(f"it has the form {found.get('form')!r}, and this image knows {FORM}: another dagship made it")
    texts: dict[str, Any] = {name: found.get(name) for name in ("version", "tree", "base", "foundation", "link")}
    removed = found.get("removed")
    if not isinstance(removed, list) or not all(isinstance(text, str) for text in (*texts.values(), *removed)):
        _wrong(f"its {HEAD} lacks what it has to say")
    hexes = _DIGEST.fullmatch(texts["tree"]) and _DIGEST.fullmatch(texts["foundation"]) and _ID.fullmatch(texts["base"])
    if not hexes or texts["version"] != texts["tree"][:_ID_DIGITS]:
        _wrong(f"its {HEAD} names no version")
    if texts["link"] and layout.link(texts["link"]) != texts["link"]:
        _wrong(f"{texts['link']!r} can be no link to its DAG directory")
    return {**texts, "removed": removed}


def _check(path: str) -> None:
    """Refuses a path that leads elsewhere than below the version's directory."""
    parts = path.split("/")
    if len(parts) > _DEEPEST or not all(map(_is_name, parts)):
        _wrong(f"{path[:200]!r} is no path of a file in a version")


def _is_name(text: str) -> bool:
    try:
        return 0 < len(text.encode()) <= _LONGEST_NAME and text not in (".", "..") and "\0" not in text
    except UnicodeEncodeError:
        return False


def _wrong(why: str) -> NoReturn:
    raise Wrong(f"The package cannot be used: {why}.")
