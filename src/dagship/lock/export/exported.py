"""Files that are exported: their kinds, their names, and the line by which one of them is known. Pure."""

import re
from pathlib import Path

from dagship.errors import UsageError
from dagship.lock.pins import LOCK_SUFFIX

KINDS = {
    "base": "of the base image alone: a line -c in the source of a lock keeps to them whoever renews the lock",
    "constraints": "of the image, of its base and of the lock: pip install -c takes the same outside",
    "pylock": "of the image, of its base and of the lock, and the files of the index: pip install -r installs them",
}
_FIRST = "# Written by dagship lock --export"


def is_of_lock(kind: str) -> bool:
    """Whether what is exported is made of a lock, and not an input of one.

    Raises:
        UsageError: There is no such kind.

    """
    if kind not in KINDS:
        *others, last = KINDS
        raise UsageError(f"{kind!r} is nothing that lock exports.", f"Give --export {', '.join(others)} or {last}.")
    return kind != "base"


def header(kind: str, base: str) -> str:
    """Returns the lines, comments in constraints and in TOML, that such a file begins with.

    Args:
        kind: One of `KINDS`.
        base: The base image.

    """
    return f"{_FIRST} {kind}, over {base}; versions\n# {KINDS[kind]}.\n"


def beside(lock: Path, kind: str) -> Path:
    """Returns where it is written; a PEP 751 lock has to be named `pylock.NAME.toml`, and NAME has no dot."""
    if kind != "pylock":
        return lock.with_suffix(f".{kind}.txt")
    name = lock.name.removesuffix(".txt").removesuffix(LOCK_SUFFIX.removesuffix(".txt"))
    return lock.with_name(f"pylock.{re.sub('[.]', '-', name)}.toml")


def check_own(text: str, where: str) -> None:
    """Refuses to write over a file that was not exported.

    Raises:
        UsageError: Somebody wrote it.

    """
    if not text.startswith(_FIRST):
        raise UsageError(f"{where} is there and was not exported; it would be overwritten.", "Move it away.")
