"""The soak's judge: a soak is worth what its judge can find."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e.soak.evidence import Delivered, Evidence, RunEnd, Sighting, TaskEnd, Try
from tests.e2e.soak.figures import figures

BEFORE, AFTER = 100.0, 300.0


def seen(task: str, at: float, *, file: int = 1, helper: int = 1, run: str = "long-1") -> Sighting:
    return Sighting(dag_id="long", run_id=run, task_id=task, file=file, helper=helper, at=at)


BEGUN = Try(state="success", queued="t0", began="t1", host="w", ended="t2")
GIVEN_UP = Try(state="failed", queued="t0", began=None, host=None, ended="t1")


def evidence(
    sightings: Iterable[Sighting], *, run: str = "success", task: str = "success", tries: tuple[Try, ...] = (BEGUN,)
) -> Evidence:
    """One run of two tasks, and version 2 delivered in between."""
    return Evidence(
        runs=(RunEnd(dag_id="long", run_id="long-1", state=run, began=BEFORE, ended=AFTER + 50),),
        tasks=tuple(
            TaskEnd(dag_id="long", run_id="long-1", task_id=name, state=state, tries=all_of_it)
            for name, state, all_of_it in (("a", "success", (BEGUN,)), ("b", task, tries))
        ),
        sightings=tuple(sightings),
        delivered=(Delivered(number=2, began=BEFORE + 50, ended=AFTER - 50, draining=20.0),),
    )


# Another run saw version 2 before the second task began.
NEWER = seen("a", AFTER - 20, file=2, helper=2, run="long-2")
GOOD = (seen("a", BEFORE), seen("b", AFTER), NEWER)


def test_a_run_that_ends_on_the_code_it_began_with_is_without_fault_and_counts_as_kept() -> None:
    found = figures(evidence(GOOD))

    assert (found.runs, found.tasks) == (1, 3)
    assert (found.mixed, found.interrupted, found.failed, found.unseen) == (0, 0, 0, 0)
    assert (found.spanning, found.kept) == (1, 1)
    assert (found.seconds, found.draining) == ((100.0,), (20.0,))


@pytest.mark.parametrize("second", [{"file": 2, "helper": 2}, {"helper": 2}, {"file": 2}])
def test_a_run_is_mixed_when_any_task_saw_another_file_or_another_module(second: dict[str, int]) -> None:
    found = figures(evidence([GOOD[0], seen("b", AFTER, **second), NEWER]))

    assert found.mixed == 1
    assert (found.spanning, found.kept) == (1, 0)


def test_a_first_try_is_seen_although_the_second_saw_what_all_others_did() -> None:
    found = figures(evidence([*GOOD, seen("b", AFTER - 60, file=2)], tries=(BEGUN, BEGUN)))

    assert (found.mixed, found.interrupted) == (1, 1)


@pytest.mark.parametrize("more", [{"task": "failed", "run": "failed"}, {"tries": (BEGUN, BEGUN)}])
def test_a_task_that_failed_or_was_tried_again_was_interrupted(more: dict[str, Any]) -> None:
    assert figures(evidence(GOOD, **more)).interrupted == 1


def test_a_try_that_was_given_up_before_it_began_interrupted_nothing_and_is_told() -> None:
    found = figures(evidence(GOOD, tries=(GIVEN_UP, BEGUN)))

    assert (found.interrupted, found.requeued) == (0, 1)


def test_a_task_that_ran_twice_was_interrupted_although_airflow_counts_one_try() -> None:
    assert figures(evidence([*GOOD, seen("b", AFTER + 9)])).interrupted == 1


def test_a_run_that_began_on_the_newer_version_spans_nothing() -> None:
    later = seen("b", AFTER + 9, file=2, helper=2, run="long-2")

    found = figures(evidence([*GOOD, later]))

    assert (found.spanning, found.kept) == (1, 1)


def test_a_task_that_was_to_be_executed_again_was_interrupted_only_if_it_began_once_more() -> None:
    twice = replace(
        evidence([*GOOD, seen("b", AFTER + 9)], tries=(BEGUN, BEGUN)), cleared=frozenset({("long", "long-1", "b")})
    )
    third = replace(twice, sightings=(*twice.sightings, seen("b", AFTER + 19)))

    assert (figures(twice).interrupted, figures(third).interrupted) == (0, 1)


def test_the_first_try_of_the_task_that_is_to_fail_interrupted_nothing() -> None:
    tries = TaskEnd(dag_id="long", run_id="long-1", task_id="retried", state="success", tries=(BEGUN, BEGUN))

    assert figures(replace(evidence(GOOD), tasks=(tries,))).interrupted == 0


@pytest.mark.parametrize(
    ("stamp", "mark", "more", "stale"),
    [
        ("v1", "at_1", {}, 0),
        ("v1", "at_2", {}, 1),
        ("v2", "at_2", {}, 1),
        ("v1", "at_1", {"file": 2, "helper": 2}, 1),
        ("", "at_1", {}, 1),
    ],
    ids=["right", "tasks of another", "code of another", "code of another in one task", "no stamp"],
)
def test_a_run_is_stale_whose_tasks_or_code_are_not_of_the_version_that_it_is_stamped_with(
    stamp: str, mark: str, more: dict[str, int], stale: int
) -> None:
    all_of_it = evidence([*GOOD, seen(mark, AFTER, **more)])
    run = replace(all_of_it.runs[0], stamp=stamp)
    end = TaskEnd(dag_id="long", run_id="long-1", task_id=mark, state="success", tries=(BEGUN,))

    found = figures(replace(all_of_it, runs=(run,), tasks=(end,), numbers={"v1": 1, "v2": 2}))

    assert found.stale == stale
    assert figures(all_of_it).stale == 0  # a way without versions stamps nothing


@pytest.mark.parametrize(
    ("state", "more", "late"),
    [("removed", {}, 1), ("success", {}, 0), ("removed", {"file": 1}, 0)],
    ids=["it did not run", "it ran", "another is of the version before"],
)
def test_a_stale_run_is_late_where_nothing_of_another_version_ran(state: str, more: dict[str, int], late: int) -> None:
    ran = [seen("step", BEFORE, **{"file": 2, "helper": 2} | more)]
    run = RunEnd(dag_id="long", run_id="long-1", state="success", began=BEFORE, ended=AFTER, stamp="v2")
    mark = TaskEnd(dag_id="long", run_id="long-1", task_id="at_1", state=state, tries=())

    found = figures(replace(evidence(ran), runs=(run,), tasks=(mark,), numbers={"v1": 1, "v2": 2}))

    assert (found.stale, found.late) == (1, late)


def test_a_run_that_did_not_succeed_failed() -> None:
    assert figures(evidence(GOOD, run="failed")).failed == 1


@pytest.mark.parametrize("others", [(), (NEWER,)])
def test_a_run_that_ended_before_a_newer_version_was_seen_puts_nothing_to_the_test(
    others: tuple[Sighting, ...],
) -> None:
    found = figures(evidence([seen("a", BEFORE), seen("b", BEFORE + 20), *others]))

    assert (found.spanning, found.kept) == (0, 0)


def test_a_task_that_left_no_word_is_counted() -> None:
    assert figures(evidence([GOOD[0], NEWER])).unseen == 1


def test_what_runs_of_one_name_saw_in_two_dags_is_not_put_together() -> None:
    other = replace(seen("a", BEFORE, file=2, helper=2), dag_id="short")

    assert figures(evidence([*GOOD, other])).mixed == 0
