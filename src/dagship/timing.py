"""Counts the seconds of a phase."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    """Writes down how long the block takes, whatever ends it."""
    began = time.monotonic()
    try:
        yield
    finally:
        seconds[phase] = round(time.monotonic() - began, 2)
