"""What would kill the tasks of a worker that is told to end: every rule, with what it is about and what it is not."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from dagship.airflow.activity import Activity
from dagship.record.model import Change, Move, Record
from dagship.rollout.preflight import graceful_stop, sigterm
from dagship.rollout.survey import Survey
from dagship.workloads import spec as workload_spec
from dagship.workloads.inventory import Inventory
from tests.builders import pods as o
from tests.builders.workers import ENTRY, NOW, found, task


def test_a_worker_as_charts_start_it_loses_nothing() -> None:
    assert () == found(None, task())
    assert () == found({"args": ["bash", "-c", "exec \\\nairflow celery worker"]}, task())


@pytest.mark.parametrize("setsid", [None, "1", ""])
@pytest.mark.parametrize("command", [None, ENTRY])
def test_dumb_init_that_signals_all_processes_is_refused_while_tasks_run(
    setsid: str | None, command: list[str] | None
) -> None:
    one = found({"command": command} if command else None, task(), task("worker-1"), setsid=setsid)

    assert [True] == [each.kills for each in one]
    assert "2 tasks run there" in one[0].said
    assert ("worker-0", "worker-1") == one[0].careless
    assert "--interrupt-tasks" in one[0].hint


def test_it_is_said_where_no_task_runs_for_one_may_begin() -> None:
    one = found(setsid=None)

    assert [False] == [each.kills for each in one]


def test_a_grace_period_in_which_nothing_can_end_is_refused_while_tasks_run() -> None:
    one = found(None, task(), grace=59)

    assert [True] == [each.kills for each in one]
    assert "the pods of statefulset/worker get 59 s to end; 1 task runs there" in one[0].said
    assert () == found(None, grace=59)
    assert () == found(None, task(), grace=60)


def test_a_task_older_than_the_grace_period_is_a_warning_with_numbers() -> None:
    one = found(None, task(age=601.0), task("worker-1", age=900.0), grace=600)

    assert [False] == [each.kills for each in one]
    assert "on worker-1 for 900 s, and the pods of statefulset/worker get 600 s" in one[0].said
    assert () == found(None, task(age=600.0), grace=600)


def of_moves(
    live: Activity | None,
    *,
    image: str = o.V1,
    role: str = "worker",
    pods: Iterable[dict[str, Any]] | None = None,
    look: Callable[[str, str], sigterm.Seen | None] = lambda *_: None,
) -> tuple[graceful_stop.Finding, ...]:
    template = {"metadata": {}, "spec": {"containers": [o.container(image=image)]}}
    raw = o.stateful_set(template=template)
    workloads = (workload_spec.read("StatefulSet", raw),)
    inventory = Inventory(objects={("StatefulSet", "worker"): raw}, workloads=workloads)
    survey = Survey(inventory=inventory, record=Record())
    change = Change(field="image", container="worker", before=o.V1, after=o.V2)
    move = Move.model_validate({"kind": "StatefulSet", "name": "worker", "role": role, "changes": (change,)})
    return graceful_stop.of_moves([move], survey, pods or [o.pod("worker-0"), o.pod("worker-1")], live, look)


def test_tasks_are_looked_for_wherever_they_run() -> None:
    live = Activity(asked=NOW, tasks=(task("worker-1"), task("elsewhere")))

    assert ["1 task runs there" in one.said for one in of_moves(live, role="scheduler")] == [True]
    assert () == of_moves(Activity(), role="scheduler")


def test_where_the_signal_kills_tasks_it_kills_those_that_begin_later_too() -> None:
    for tasks in ((), (task("worker-1"),)):
        (one,) = of_moves(Activity(asked=NOW, tasks=tasks))

        assert (("worker-0", "worker-1"), bool(tasks)) == (one.careless, one.kills)


def test_pods_of_an_executor_are_not_the_workers_though_their_labels_are() -> None:
    live = Activity(asked=NOW, tasks=(task("report-x1y2"),))
    (one,) = of_moves(live, pods=[o.pod("worker-0"), o.pod("report-x1y2", owner="")])

    assert (("worker-0",), False) == (one.careless, one.kills)


def test_pods_of_two_templates_are_each_looked_at_as_they_are() -> None:
    old, new = o.pod("worker-0", revision="old"), o.pod("worker-1", revision="new")
    old["spec"]["terminationGracePeriodSeconds"] = 30
    new["spec"]["terminationGracePeriodSeconds"] = 600
    live = Activity(asked=NOW, tasks=(task("worker-1"), task("worker-0")))
    short = [one for one in of_moves(live, pods=[new, old]) if "s to end; " in one.said]

    assert ["1 task runs there" in one.said for one in short] == [True]


def test_a_worker_that_does_not_move_is_of_no_concern() -> None:
    live = Activity(asked=NOW, tasks=(task("worker-1"),))

    assert () == of_moves(live, image=o.V2)
    # The same image of another registry: the pods are made anew.
    assert [True] == [one.kills for one in of_moves(live, image=f"old.example/airflow@{o.digest(o.V2)}")]
    assert [False] == [one.kills for one in of_moves(None)]


def test_a_pod_is_looked_into_once_for_each_template_and_only_where_its_spec_does_not_tell() -> None:
    asked: list[tuple[str, str]] = []

    def look(pod: str, container: str) -> sigterm.Seen | None:
        asked.append((pod, container))
        return sigterm.Seen("", ("tini", "--", "airflow"))

    live = Activity(asked=NOW, tasks=(task("worker-1"),))
    pods = [o.pod("worker-0"), o.pod("worker-1"), o.pod("worker-2", revision="old")]
    told, shared = o.pod("worker-0"), o.pod("worker-0")
    told["spec"]["containers"][0]["env"] = [{"name": "DUMB_INIT_SETSID", "value": "0"}]
    shared["spec"]["shareProcessNamespace"] = True

    assert () == of_moves(live, pods=pods, look=look)
    assert [("worker-0", "worker"), ("worker-2", "worker")] == asked
    assert () == of_moves(live, pods=[told], look=look)
    assert [False] == [one.kills for one in of_moves(live, pods=[shared], look=look)]
    assert len(asked) == 2
