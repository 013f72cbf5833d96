"""Whose clock it is: pods tell their times by the cluster's."""

import pytest

from dagship.cluster.transport import skew

DATE = "Mon, 23 Nov 2026 06:30:00 GMT"
MOMENT = 1795415400.0


@pytest.mark.parametrize(
    ("now", "ahead"),
    [(MOMENT, 0), (MOMENT + 1.9, 0), (MOMENT - 1.9, 0), (MOMENT - 60, 60), (MOMENT + 3600, -3600)],
)
def test_the_server_is_ahead_by_what_its_date_says(now: float, ahead: float) -> None:
    assert ahead == skew(DATE, now)


@pytest.mark.parametrize("date", ["", "soon", "Mon, 99 Nov 2026 06:30:00 GMT"])
def test_an_answer_without_a_date_tells_nothing(date: str) -> None:
    assert 0 == skew(date, MOMENT)
