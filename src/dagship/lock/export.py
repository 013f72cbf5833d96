"""Exact versions of an image, as constraints for pip: for an editor, for tests outside, for what renews locks. Pure."""

from collections.abc import Mapping

from dagship.errors import UsageError
from dagship.lock.pins import Pin

KINDS = {
    "base": "of the base image alone: a line -c in the source of a lock keeps to them whoever renews the lock",
    "constraints": "of the image, of its base and of the lock: pip install -c takes the same outside",
}
_FIRST = "# Written by dagship lock --export"


def is_of_lock(kind: str) -> bool:
    """Whether what is exported is made of a lock, and not an input of one.

    Raises:
        UsageError: There is no such kind.

    """
    if kind not in KINDS:
        raise UsageError(f"{kind!r} is nothing that lock exports.", f"Give --export {' or '.join(KINDS)}.")
    return kind == "constraints"


def constraints(kind: str, packages: Mapping[str, str], pins: tuple[Pin, ...], base: str) -> str:
    """Returns the text of a constraints file.

    Args:
        kind: One of `KINDS`.
        packages: What the base image has, and nothing that moves.
        pins: What the lock has that holds for it.
        base: The base image.

    """
    locked = {pin.name: pin.version for pin in pins}
    lines = (f"{name}=={version}" for name, version in sorted({**packages, **locked}.items()))
    return "\n".join([f"{_FIRST} {kind}, over {base}; versions", f"# {KINDS[kind]}.", *lines]) + "\n"


def check_own(text: str, where: str) -> None:
    """Refuses to write over a file that was not exported.

    Raises:
        UsageError: Somebody wrote it.

    """
    if not text.startswith(_FIRST):
        raise UsageError(f"{where} is there and was not exported; it would be overwritten.", "Move it away.")
