"""Waiting for runs: how often Airflow is asked, and when the wait is over."""

from collections.abc import Callable

import pytest

from dagship.airflow import wait_for_runs
from dagship.airflow.activity import Activity
from dagship.errors import Refused
from dagship.terminal.board import Board
from tests.builders.runs import B, live, target


class Time:
    """A clock that a pause moves on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.checks = 0

    def check(self) -> None:
        self.checks += 1

    def pause(self, seconds: float) -> None:
        self.now += seconds


def until_ended(time: Time, answers: Callable[[], Activity | None], lines: list[str], limit: float = 60) -> Activity:
    return wait_for_runs.until_ended(
        lambda: (found := answers(), "" if found else "No pod of a scheduler is ready."),
        live(a=2),
        target(B),
        limit=limit,
        board=Board("Waiting for runs", lines.append, None),
        check=time.check,
        clock=lambda: time.now,
        pause=time.pause,
    )


def test_it_asks_every_ten_seconds_until_no_run_needs_what_is_lacking() -> None:
    time, lines = Time(), list[str]()
    answers = iter([live(a=1), None, live(b=4)])
    found = until_ended(time, lambda: next(answers), lines)

    assert {B: 4} == found.by_version
    assert (30.0, 3) == (time.now, time.checks)
    assert any("did not answer" in line for line in lines)


def test_it_gives_up_in_time_and_says_that_nothing_was_moved() -> None:
    time = Time()
    with pytest.raises(Refused, match=r"After 25 s .*Nothing was moved") as refused:
        until_ended(time, lambda: live(a=1), [], limit=25)

    assert 25 == time.now
    assert "Wait longer" in refused.value.hint
    assert "ause" not in refused.value.hint  # a run of a DAG that is paused does not go on
