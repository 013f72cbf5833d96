"""Which tasks count as interrupted: by what Airflow says of them afterwards, and how their pods ended."""

from dataclasses import replace
from typing import Any

import pytest

from dagship.airflow.activity import Activity, Task
from dagship.airflow.interruptions import Ended, interrupted


def task(state: str = "running", **more: Any) -> Task:
    values = {"dag_id": "d", "run_id": "r", "task_id": "t", "host": "worker-0", "began": 100.0, "state": state}
    return Task.model_validate({**values, **more})


def end(**more: Any) -> Ended:
    values: dict[str, Any] = {"pod": "worker-0", "started": 10.0, "began": 200.0, "gone": 230.0, "code": 0}
    return Ended(**{**values, **more})


def cut(*after: Task, of: Ended | None = None, careless: tuple[str, ...] = ()) -> int:
    running = tuple(one for one in after if one.state == "running")
    now = Activity(tasks=running, changed=tuple(one for one in after if one not in running))
    return len(interrupted([task()], now, [of or end()], careless=careless))


def test_a_task_that_ended_well_was_not() -> None:
    assert 0 == cut()
    assert 0 == cut(of=end(code=137))


def test_a_task_that_still_runs_in_a_pod_that_is_gone_was() -> None:
    assert 1 == cut(task())
    assert 0 == cut(task(), of=end(gone=None))


def test_a_task_that_began_in_the_pod_that_came_after_was_not() -> None:
    assert 0 == cut(task(task_id="u", began=240.0))


def test_one_that_began_after_the_first_look_counts_too() -> None:
    assert 1 == cut(task(task_id="u", began=150.0))


@pytest.mark.parametrize("state", ["failed", "up_for_retry", "", "scheduled", "queued"])
@pytest.mark.parametrize(("code", "count"), [(0, 0), (137, 1), (None, 1)])
def test_one_that_failed_did_so_by_itself_where_its_worker_ended_in_order(state: str, code: int, count: int) -> None:
    assert count == cut(task(state, ended=210.0), of=end(code=code))


def test_one_that_failed_before_its_pod_was_told_to_end_did_so_by_itself() -> None:
    killed = end(code=137)

    assert 0 == cut(task("failed", ended=150.0), of=killed)
    assert 0 == cut(task("success", try_number=2, began=150.0), of=killed)
    # What Airflow has of an earlier try says nothing of this one.
    assert 1 == cut(task("failed", ended=90.0), of=killed)
    assert 1 == cut(task("queued", try_number=2), of=killed)


def test_where_every_process_gets_the_signal_the_exit_status_says_nothing() -> None:
    assert 1 == cut(task("failed"), careless=("worker-0",))


def test_one_that_nobody_saw_running_counts_where_its_worker_was_killed() -> None:
    unseen = task("failed", task_id="u", began=190.0, ended=205.0)

    assert 1 == cut(unseen, of=end(code=137))
    assert 0 == cut(unseen)
    assert 0 == cut(unseen.model_copy(update={"ended": 192.0}), of=end(code=137))
    assert 0 == cut(unseen.model_copy(update={"state": "scheduled"}), of=end(code=137))


def test_a_new_try_stands_for_the_one_that_was_lost() -> None:
    assert 1 == cut(task("success", try_number=2, began=300.0), of=end(code=137))
    assert 0 == cut(task("success", try_number=2, began=300.0))


@pytest.mark.parametrize("state", ["deferred", "up_for_reschedule", "skipped"])
def test_one_that_let_go_of_its_worker_was_not(state: str) -> None:
    assert 0 == cut(task(state), of=end(code=137))


def test_tasks_in_pods_that_stayed_are_no_concern() -> None:
    assert 0 == cut(task("failed"), of=end(pod="worker-1", code=137))


@pytest.mark.parametrize(("grace", "gone", "clean"), [(600.0, 599.0, False), (600.0, 30.0, True), (0.0, 0.0, False)])
def test_a_pod_whose_status_nobody_told_ended_well_if_it_was_gone_before_its_time(
    grace: float, gone: float, clean: bool
) -> None:
    end = Ended(pod="worker-0", started=0.0, began=1000.0, grace=grace, gone=1000.0 + gone)

    assert end.clean is clean
    assert not replace(end, code=137).clean
