"""A stream whose reader may go away: what is written after that is lost, and whoever writes goes on.

A pipe into `head`, a log that is shipped, a disk that is full, a terminal that was closed: none of them is a reason to
leave what moves half moved, or to end with a status that says something else than what happened.
"""

import os
import select
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

# Seconds in which a reader of a stream that does not wait takes something, or is taken for gone.
_PATIENCE = 30.0


class Outlet:
    """Standard output and standard error of a task.

    Args:
        stream: The stream; None where it was closed before the program began.

    Attributes:
        failed: Why the stream takes no more; None while it does.

    """

    def __init__(self, stream: TextIO | None) -> None:
        self.failed: OSError | ValueError | None = None
        self.encoding = getattr(stream, "encoding", None) or "utf-8"
        self._stream = stream

    @classmethod
    def of(cls, stream: "TextIO | Outlet | None") -> "Outlet":
        """Returns a stream as an outlet; one that is an outlet is what it is."""
        return stream if isinstance(stream, cls) else cls(stream)  # type: ignore[arg-type]

    @property
    def closed(self) -> bool:
        """Whether there never was a stream."""
        return self._stream is None

    def write(self, text: str) -> int:
        """Writes what the stream takes."""
        self._try(lambda stream: _write(stream, text))
        return len(text)

    def flush(self) -> None:
        """Writes out what was kept."""
        self._try(_flush)

    def isatty(self) -> bool:
        """Whether it is a terminal, one that is there."""
        return self._stream is not None and self.failed is None and self._stream.isatty()

    def fileno(self) -> int:
        """Returns the descriptor."""
        if self._stream is None:
            raise OSError("There is no stream.")
        return self._stream.fileno()

    def _try(self, act: Callable[[TextIO], object]) -> None:
        if self._stream is None or self.failed is not None:
            return
        try:
            act(self._stream)
        except (OSError, ValueError) as failed:  # the second is of one that was closed
            self.failed = failed
            self._lead_nowhere()

    def _lead_nowhere(self) -> None:
        """Python ends with status 120 where it cannot write out at the end what a standard stream kept."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)


def _write(stream: TextIO, text: str) -> None:
    """Writes all of a text, also where the stream does not wait for its reader (a pipe of Node, for instance).

    Such a stream takes a part, and only below the layer of text is it known which.
    """
    if not hasattr(stream, "buffer"):
        stream.write(text)
        return
    _flush(stream)
    left = memoryview(text.encode(stream.encoding, stream.errors or "strict"))
    while left:
        try:
            left = left[stream.buffer.write(left) :]
        except BlockingIOError as full:
            left = left[full.characters_written :]
            _wait(stream, full)
    if stream.line_buffering:
        _flush(stream)


def _flush(stream: TextIO) -> None:
    while True:
        try:
            return stream.flush()
        except BlockingIOError as full:
            _wait(stream, full)


def _wait(stream: TextIO, full: BlockingIOError) -> None:
    if not select.select([], [stream], [], _PATIENCE)[1]:
        raise full


def keep_descriptors() -> None:
    """Sees that 0, 1 and 2 are open: else the next file or connection takes their place, and gets what is printed."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest that is free, which is this one
