"""Seconds by phase."""

import pytest

from dagship.timing import timed


def test_a_phase_is_counted_also_where_it_fails() -> None:
    seconds = {"other": 1.0}

    with pytest.raises(ValueError, match="no"), timed(seconds, "phase"):
        raise ValueError("no")

    assert seconds.keys() == {"other", "phase"}
    assert 0 <= seconds["phase"] < 5
