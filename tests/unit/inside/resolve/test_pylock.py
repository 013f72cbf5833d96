"""The files of exact versions, asked of an index that lacks some. Left out: uv and an index."""

from collections.abc import Sequence

import pytest

from dagship.inside.resolve import pylock, solver


class Index(solver.Solver):
    """An index that has some packages, or does not answer."""

    def __init__(self, has: set[str], words: str = "") -> None:
        self.has, self.words = has, words

    def pylock(self, pins: Sequence[str]) -> solver.Answer:
        if self.words:
            return solver.Answer(False, "", self.words)
        fits = self.has.issuperset(pins)
        return solver.Answer(fits, " ".join(pins) if fits else "", "x was not found in the package registry")


def test_a_package_that_the_index_lacks_keeps_no_other_out() -> None:
    assert pylock.documents(Index({"a==1", "b==1", "d==1"}), ["a==1", "b==1", "c==1", "d==1"]) == ["a==1 b==1", "d==1"]
    assert pylock.documents(Index(set()), ["c==1"]) == []
    assert pylock.documents(Index(set()), []) == []


def test_an_index_that_does_not_answer_is_no_index_that_lacks_something() -> None:
    with pytest.raises(ConnectionError, match="Connection refused"):
        pylock.documents(Index(set(), "error: Connection refused"), ["a==1"])
