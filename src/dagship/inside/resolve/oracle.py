"""The resolver as an oracle for the search of a conflict: asked often, so it answers from its cache where it can."""

import time
from collections.abc import Sequence
from typing import Any, Optional

from .solver import Answer, Pin, Solver, read_pins

Line = dict[str, Any]
Graph = dict[str, Pin]

_ONE_QUESTION = 30.0
# Hashes tell what comes from the index and what from the base: the stubs of the base's packages have none.
_OPTIONS = ("--generate-hashes",)


class Oracle:
    """Answers about lines and pins, for a limited time.

    Args:
        resolvers: The resolvers.
        seconds: How long the index may be asked; what its cache knows uv still tells afterwards.

    """

    def __init__(self, resolvers: Solver, seconds: float) -> None:
        self.resolvers = resolvers
        self.unsure = False
        self.allow(seconds)

    def allow(self, seconds: float) -> None:
        """Sets the time from now on."""
        self._end = time.monotonic() + seconds

    def fits(self, lines: Sequence[Line], pins: Sequence[str]) -> bool:
        """Whether there is a solution. Where that cannot be told it counts as one.

        What the search finds may then be larger than need be, but it is in conflict.
        """
        answer = self.ask(lines, pins)
        self.unsure = self.unsure or answer.fits is None
        return answer.fits is not False

    def solution(self, lines: Sequence[Line], pins: Sequence[str]) -> Graph:
        """Returns any solution, with who wants what; empty when there is none."""
        return _graph(self.ask(lines, pins))

    def newest(self, lines: Sequence[Line], pins: Sequence[str]) -> "Optional[Graph]":
        """Returns the solution of the newest versions, in a hurry any; empty when there is none, None if unknown."""
        left = self._left()
        answer = self._uv(lines, pins, left) if left else Answer(None, "", "")
        answer = answer if answer.fits is not None else self.ask(lines, pins)
        return None if answer.fits is None else _graph(answer)

    def ask(self, lines: Sequence[Line], pins: Sequence[str]) -> Answer:
        """Returns uv's answer, any solution.

        An index whose pages may not be kept costs uv a request for each package, each time: the cache goes first.
        """
        answer = self._uv(lines, pins, _ONE_QUESTION, "--offline")
        if answer.fits or (answer.fits is False and "network was disabled" not in answer.words):
            return answer
        left = self._left()
        return self._uv(lines, pins, left) if left else Answer(None, "", answer.words)

    def _uv(self, lines: Sequence[Line], pins: Sequence[str], limit: float, *options: str) -> Answer:
        return self.resolvers.uv([line["text"] for line in lines], pins, [*_OPTIONS, *options], limit=limit)

    def _left(self) -> float:
        return max(0.0, min(_ONE_QUESTION, self._end - time.monotonic()))


def _graph(answer: Answer) -> Graph:
    return read_pins(answer.text) if answer.fits else {}
