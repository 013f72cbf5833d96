"""Reads tracebacks that arrived as text: Airflow keeps an import error as nothing else."""

import re
from dataclasses import dataclass

_FRAME = re.compile(r'^ +File "([^"\n]+)", line (\d+)(?:,? in .*)?$', re.MULTILINE)
_CHAIN = re.compile(
    r"^(?:The above exception was the direct cause of the following exception"
    r"|During handling of the above exception, another exception occurred):\n",
    re.MULTILINE,
)
_LAST_LINE = re.compile(r"([A-Za-z_][\w.]*)(?:: ?(.*))?", re.DOTALL)
_FAULT = re.compile(r"^(?:Current thread .*|Thread .*|Stack) \(most recent call first\):$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A line that was being executed.

    Attributes:
        file: Absolute path.
        line: Line, from 1.

    """

    file: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Raised:
    """An exception, without the lines of source that a traceback shows of those it came through.

    Attributes:
        kind: Name of the exception's class, without its module; empty for a text that names none.
        message: The exception's text.

    """

    kind: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A traceback.

    Attributes:
        kind: Name of the last exception's class, without its module.
        message: The last exception's text.
        frames: The lines of the last exception, outermost first.
        chained: The same of those that led to it.
        raised: All exceptions, the last one first.

    """

    kind: str
    message: str
    frames: tuple[Frame, ...]
    chained: tuple[Frame, ...]
    raised: tuple[Raised, ...]


def parse(text: str) -> Trace:
    """Reads what `traceback.format_exc` writes, or the single line `Class: message`."""
    parts = _CHAIN.split(text)
    raised = tuple(_raised(part) for part in reversed(parts))
    return Trace(
        kind=raised[0].kind,
        message=raised[0].message,
        frames=_frames(parts[-1]),
        chained=_frames("".join(parts[:-1])),
        raised=raised,
    )


def parse_fault(text: str) -> tuple[Frame, ...]:
    """Returns the lines that `faulthandler` says the main thread was at, outermost first."""
    parts = _FAULT.split(text)
    return _frames(parts[-1])[::-1] if len(parts) > 1 else ()


def _raised(text: str) -> Raised:
    frames = list(_FRAME.finditer(text))
    tail = text[frames[-1].end() :] if frames else text
    # The lines below the last frame are source and markers, indented; the exception begins at the margin.
    begin = re.search(r"^(?=[^\s])(?!Traceback \(most recent)", tail, re.MULTILINE)
    ending = tail[begin.start() :].strip() if begin else tail.strip()
    named = _LAST_LINE.fullmatch(ending)
    if named is None:
        return Raised(kind="", message=ending)
    return Raised(kind=named[1].rpartition(".")[2], message=(named[2] or "").strip())


def _frames(text: str) -> tuple[Frame, ...]:
    return tuple(Frame(file=match[1], line=int(match[2])) for match in _FRAME.finditer(text))
