"""What is seen of pods that end, and what is said of the tasks in them."""

import pytest

from dagship.airflow import drain
from dagship.airflow.activity import Activity, Task
from dagship.airflow.drain import Drains
from dagship.workloads import status
from tests.builders import pods as o

NOW = o.NOW


def task(host: str, name: str = "t") -> Task:
    return Task(dag_id="d", run_id="r", task_id=name, host=host, began=NOW - 50)


def live(*tasks: Task) -> Activity:
    return Activity(asked=NOW, tasks=tasks, running=len(tasks))


def nobody() -> Activity | None:
    return None


def pods(*raws: o.Raw) -> tuple[status.PodState, ...]:
    return tuple(status.pod(raw) for raw in raws)


def leaving(name: str = "worker-1", code: int | None = None) -> o.Raw:
    raw = o.pod(name, deleting=NOW + 600)
    if code is not None:
        raw["status"]["containerStatuses"] = [{**o.running(ready=False), "state": o.ended(code)}]
    return raw


def test_it_says_what_a_worker_that_ends_still_has_to_do() -> None:
    watched = Drains(live(task("worker-1"), task("worker-1", "u"), task("worker-0")), nobody)
    there = pods(o.pod("worker-0"), leaving())

    assert "draining: 2 tasks on worker-1" == watched.see("statefulset/worker", there, NOW, worker=True)
    assert "" == watched.see("statefulset/worker", pods(o.pod("worker-0")), NOW, worker=True)


def test_the_end_of_a_pod_is_kept_with_its_exit_status() -> None:
    watched = Drains(live(), nobody)
    watched.see("statefulset/worker", pods(leaving()), NOW, worker=True)
    watched.see("statefulset/worker", pods(leaving(code=137)), NOW + 1, worker=True)
    watched.see("statefulset/worker", (), NOW + 2, worker=True)
    (end,) = watched.ended

    assert ("worker-1", NOW, NOW + 2, 137) == (end.pod, end.began, end.gone, end.code)


def test_a_pod_that_is_first_seen_when_it_has_ended_had_its_whole_time() -> None:
    watched = Drains(live(), nobody)
    over = o.pod("worker-1", deleting=NOW, grace=0)
    watched.see("statefulset/worker", pods(over), NOW + 200, worker=True)
    watched.see("statefulset/worker", (), NOW + 201, worker=True)
    (end,) = watched.ended

    assert (end.began, end.grace, end.clean) == (NOW, 600, True)


def test_a_pod_of_the_same_name_says_when_the_one_before_was_gone() -> None:
    watched = Drains(live(), nobody)
    watched.see("statefulset/worker", pods(leaving()), NOW, worker=True)
    watched.see("statefulset/worker", pods(o.pod("worker-1", uid="another")), NOW + 500, worker=True)

    assert [NOW - 200] == [end.gone for end in watched.ended]


def test_a_pod_that_vanished_without_being_told_to_end_is_known_to_be_gone() -> None:
    watched = Drains(live(), nobody)
    watched.see("statefulset/worker", pods(o.pod("worker-0"), o.pod("worker-1")), NOW, worker=True)
    for seconds in (1, 2):
        watched.see("statefulset/worker", pods(o.pod("worker-0")), NOW + seconds, worker=True)

    assert [("worker-1", NOW + 1, None)] == [(end.pod, end.gone, end.code) for end in watched.ended]


def test_pods_of_other_workloads_are_not_taken_for_gone() -> None:
    watched = Drains(live(), nobody)
    watched.see("statefulset/worker", pods(leaving()), NOW, worker=True)
    watched.see("deployment/scheduler", (), NOW + 1, worker=False)

    assert [None] == [end.gone for end in watched.ended]


def test_seconds_count_while_some_worker_ends_and_once_where_two_do() -> None:
    watched = Drains(live(), nobody)
    for seconds, ends in ((0, True), (10, True), (15, False), (40, False), (50, True), (52, False)):
        for name in ("statefulset/a", "statefulset/b"):
            there = pods(leaving() if ends else o.pod("worker-1"))
            watched.see(name, there, NOW + seconds, worker=True)

    assert 17 == watched.seconds


def test_airflow_is_asked_again_after_a_while_and_what_runs_by_then_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "EVERY", 0.0)
    watched = Drains(live(task("worker-1")), lambda: live(task("worker-1", "later")))
    watched.see("statefulset/worker", pods(leaving()), NOW, worker=True)
    assert watched._thread
    watched._thread.join()

    assert {"t", "later"} == {one.task_id for one in watched.known}


def test_one_that_could_not_be_asked_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "EVERY", 0.0)
    watched = Drains(None, nobody)
    watched.see("statefulset/worker", pods(leaving()), NOW, worker=True)

    assert watched._thread is None


def test_how_a_pod_ended_is_known_also_where_its_end_and_its_going_come_as_one() -> None:
    watched = Drains(Activity(), lambda: None)

    watched.see("statefulset/worker", pods(leaving()), NOW, worker=True)
    watched.see("statefulset/worker", (), NOW + 1, worker=True, last=lambda _: pods(leaving(code=0))[0])

    assert [(0, NOW + 1)] == [(one.code, one.gone) for one in watched.ended]
