"""Unfinished runs that do not end by themselves: who they are, and what is said where waiting was the advice."""

import io
from typing import Any

import pytest

from dagship.airflow import orphaned_runs, pinned_runs, wait_for_runs
from dagship.airflow.activity import Activity, DagRuns, RunCount
from dagship.errors import Refused
from dagship.model.artifacts import Target
from dagship.terminal.board import Board
from dagship.terminal.console import Console

A, B = "a" * 12, "b" * 12


def live(*dags: DagRuns) -> Activity:
    runs = tuple(RunCount(version=one.version, state="running", runs=one.runs) for one in dags)
    return Activity(baked=True, dags=dags, runs=runs)


def target(**dags: str) -> Target:
    return Target(image="x", digest="", dag_version=B, dag_versions=(B,), dags=dags)


def test_a_dag_that_the_image_has_no_more_is_named_with_its_unfinished_runs() -> None:
    old = live(DagRuns(dag_id="gone", runs=2), DagRuns(dag_id="gone", version=A), DagRuns(dag_id="stays", runs=5))

    assert "unfinished runs: gone (3 runs). Airflow begins no further task" in orphaned_runs.leaving(
        old, target(stays="s.py")
    )
    assert "" == orphaned_runs.leaving(old, target(stays="s.py", gone="g.py"))
    assert "" == orphaned_runs.leaving(old, target())  # which DAGs it has is not known
    lost_before = live(DagRuns(dag_id="gone", gone=True))
    assert "" == orphaned_runs.leaving(lost_before, target(stays="s.py"))


def test_of_many_some_are_named() -> None:
    many = live(*(DagRuns(dag_id=f"d{number}") for number in range(7)))

    assert "d0 (1 run), d1 (1 run), d2 (1 run), d3 (1 run), d4 (1 run) and 2 more" in orphaned_runs.leaving(
        many, target(x="x")
    )


@pytest.mark.parametrize(
    ("about", "named"),
    [
        ({"version": A, "file": "old.py"}, True),
        ({"version": A, "file": "new.py"}, False),
        ({"version": B, "file": "old.py"}, False),
        ({"version": "", "file": "old.py"}, False),
        ({"version": A, "file": ""}, False),
    ],
)
def test_a_dag_in_another_file_is_named_where_runs_are_pinned_to_an_older_version(about: Any, named: bool) -> None:
    said = orphaned_runs.moving(live(DagRuns(dag_id="d", **about)), target(d="new.py"))

    assert ("old.py is new.py" in said and "d (1 run)" in said) is named


def test_runs_of_a_dag_that_is_gone_or_paused_are_not_waited_for_without_a_word() -> None:
    stuck = live(DagRuns(dag_id="gone", version=A, gone=True), DagRuns(dag_id="still", version=A, paused=True))
    refused = pinned_runs.refusal({A: 2}, orphaned_runs.stuck(stuck, {A}))

    assert "never end: gone (1 run); mark them as failed." in refused.hint
    assert "do not go on: still (1 run); unpause them." in refused.hint
    assert "" == orphaned_runs.stuck(stuck, {B})
    assert "" == orphaned_runs.stuck(live(DagRuns(dag_id="d", version=A)))


def test_a_wait_for_runs_that_never_end_is_not_begun() -> None:
    clock = iter(range(1000))

    with pytest.raises(Refused, match="There are unfinished runs") as refused, _board() as board:
        wait_for_runs.until_ended(
            lambda: (None, ""), live(DagRuns(dag_id="gone", version=A, gone=True)), target(),
            limit=600, board=board, check=lambda: None, clock=lambda: next(clock), pause=lambda _: None,
        )  # fmt: skip

    assert next(clock) < 5
    assert refused.value.hint.startswith("Airflow has these DAGs no more")
    assert "Wait longer" not in refused.value.hint


def _board() -> Board:
    return Console(stderr=io.StringIO()).board("Waiting for runs")
