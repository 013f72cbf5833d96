"""A table of causes: the words by which each is known, with what is said of it. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dagship.errors import OutsideError, Transient


@dataclass(frozen=True)
class Cause:
    """One cause of a failure.

    Attributes:
        words: The pattern that it is known by.
        message: What happened, and why; `{what}` stands for what failed.
        hint: What to do about it; `{advice}` for what the caller knows to do.
        passing: Whether another try may succeed.

    """

    words: str
    message: str
    hint: str
    passing: bool = False


def first(causes: Iterable[Cause], text: str, *, lines: int, what: str = "", advice: str = "") -> OutsideError | None:
    """Returns the error for the first cause that a text has the words of, with its last lines; None for none."""
    for cause in causes:
        if re.search(cause.words, text):
            kind = Transient if cause.passing else OutsideError
            return kind(cause.message.format(what=what), cause.hint.format(advice=advice), tail(text, lines))
    return None


def tail(text: str, lines: int = 15) -> str:
    """Returns the last lines of a text that say something."""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])[-4000:]
