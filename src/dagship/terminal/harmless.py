"""Text that may be anybody's, printed so that it drives neither a terminal nor the CI that keeps what a job prints.

A CI system takes commands from there. GitHub's runner (actions/runner, ActionCommand.cs) takes `::error::` where a line
begins with it, after blanks of any kind, and `##[error]` anywhere in a line; Azure's takes `##vso[…]` anywhere.
"""

import re
from typing import TYPE_CHECKING

from dagship.untrusted.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

_ANYWHERE = re.compile(r"(?<=#)#(?=\w*\[)")
_AT_THE_START = re.compile(r"(?m)^(\s*):(?=:)")


def printable(text: str) -> str:
    """Returns a text without control characters, in which no line begins a command and none has one in it."""
    return _AT_THE_START.sub(r"\1: ", _ANYWHERE.sub(" #", visible(text)))


def document(text: str) -> str:
    """Returns JSON that means the same and has no command in it; none of its lines begins with a colon."""
    return _ANYWHERE.sub(r"\\u0023", text)


class Harmless:
    """What rich renders, so that no line of it begins a command: a cell may go on in a line that is blank before it.

    Args:
        what: It, made of texts that are printable.

    """

    def __init__(self, what: "RenderableType") -> None:
        self._what = what

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "Iterator[Segment]":
        """Renders it, as rich asks for it."""
        from rich.segment import Segment

        for line in console.render_lines(self._what, options, pad=False):
            yield from _broken(line) if _begins_command(line) else line
            yield Segment.line()


def _begins_command(line: "Iterable[Segment]") -> bool:
    return _AT_THE_START.match("".join(segment.text for segment in line)) is not None


def _broken(line: "Iterable[Segment]") -> "Iterator[Segment]":
    """The line with a blank behind its first colon."""
    is_whole = True
    for segment in line:
        yield segment._replace(text=segment.text.replace(":", ": ", 1)) if is_whole else segment
        is_whole = is_whole and ":" not in segment.text
