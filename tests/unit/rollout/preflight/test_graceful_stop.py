"""What would kill the tasks of a worker that is told to end: every rule, with what it is about and what it is not."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from dagship.airflow.activity import Activity, Task
from dagship.record.model import Change, Move, Record
from dagship.rollout.preflight import graceful_stop, sigterm
from dagship.rollout.survey import Survey
from dagship.workloads import spec as workload_spec
from dagship.workloads.inventory import Inventory
from tests.builders import pods as o

NOW = o.NOW
ENTRY = ["/usr/bin/dumb-init", "--", "/entrypoint"]


def task(host: str = "worker-0", age: float = 10.0) -> Task:
    return Task(dag_id="d", run_id="r", task_id=f"{host}-{age:g}", host=host, began=NOW - age)


def found(
    container: dict[str, Any] | None = None,
    *tasks: Task,
    grace: int = 600,
    setsid: str | None = "0",
    config_maps: dict[str, Any] | None = None,
    looked: sigterm.Seen | None = None,
) -> tuple[graceful_stop.Finding, ...]:
    env = [] if setsid is None else [{"name": "DUMB_INIT_SETSID", "value": setsid}]
    made = {"name": "worker", "args": ["celery", "worker"], "env": env, **(container or {})}
    spec = {"containers": [made], "terminationGracePeriodSeconds": grace}
    by_host: dict[str, list[Task]] = {}
    for one in tasks:
        by_host.setdefault(one.host, []).append(one)
    return graceful_stop.findings("statefulset/worker", spec, by_host, now=NOW, config_maps=config_maps, looked=looked)


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


@pytest.mark.parametrize(
    "command",
    [["airflow"], ["/usr/bin/tini", "--"], ["/usr/bin/dumb-init", "--single-child", "--"], ["dumb-init", "-c", "--"]],
)
def test_without_dumb_init_its_variable_says_nothing(command: list[str]) -> None:
    assert () == found({"command": command}, task(), setsid=None)


@pytest.mark.parametrize(
    ("process", "kills"),
    [
        ("\0/usr/bin/tini\0--\0/entrypoint\0celery\0worker", False),
        ("\0/sbin/docker-init\0--\0airflow\0celery\0worker", False),
        ("\0python\0/usr/local/bin/airflow\0celery\0worker", False),
        # The variable is the image's own.
        ("0\0/usr/bin/dumb-init\0--\0/entrypoint\0celery\0worker", False),
        ("1\0/usr/bin/dumb-init\0--\0/entrypoint\0celery\0worker", True),
        ("\0dumb-init\0airflow", True),
        ("\0tini\0-g\0--\0airflow", True),
        ("\0tini\0-vg\0airflow", True),
        ("\0tini\0airflow\0-g", False),
        # Nothing that was printed, nothing known: Airflow's images begin with dumb-init.
        ("", True),
        ("\0", True),
    ],
)
def test_what_the_image_begins_with_is_what_process_1_is(process: str, kills: bool) -> None:
    one = found(None, task(), setsid=None, looked=sigterm.seen(process))

    assert ([True] if kills else []) == [each.kills for each in one]


def test_a_tini_that_signals_its_group_is_refused_wherever_it_is_told_to() -> None:
    env = [{"name": "TINI_KILL_PROCESS_GROUP", "value": ""}, {"name": "DUMB_INIT_SETSID", "value": "0"}]

    for container in ({"command": ["tini", "-g", "--"]}, {"command": ["tini", "--"], "env": env}):
        one = found(container, task())
        assert [(True, ("worker-0",))] == [(each.kills, each.careless) for each in one]
    assert () == found({"command": ["tini", "--", "-g"]}, task())


def test_an_image_that_begins_with_a_shell_is_a_warning() -> None:
    one = found(None, task(), setsid=None, looked=sigterm.seen("\0/bin/bash\0/start.sh\0celery"))

    assert [(False, True)] == [(each.kills, "from a shell" in each.said) for each in one]


@pytest.mark.parametrize(
    ("container", "kills"),
    [
        ({"env": [{"name": "DUMB_INIT_SETSID", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}, False),
        ({"env": [], "envFrom": [{"secretRef": {"name": "s"}}]}, False),
        ({"env": [], "envFrom": [{"configMapRef": {"name": "other"}}]}, True),
        (
            {"env": [{"name": "DUMB_INIT_SETSID", "valueFrom": {"configMapKeyRef": {"name": "none", "key": "k"}}}]},
            False,
        ),
    ],
)
def test_what_cannot_be_known_is_a_warning(container: dict[str, Any], kills: bool) -> None:
    config_maps = {"other": {"data": {"X": "y"}}}

    assert [kills] == [each.kills for each in found(container, task(), config_maps=config_maps)]


@pytest.mark.parametrize(
    "container",
    [
        {"env": [], "envFrom": [{"configMapRef": {"name": "settings"}}]},
        {"env": [], "envFrom": [{"secretRef": {"name": "s"}}, {"configMapRef": {"name": "settings"}}]},
        {"env": [{"name": "DUMB_INIT_SETSID", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "own"}}}]},
    ],
)
def test_a_config_map_may_say_it(container: dict[str, Any]) -> None:
    config_maps = {"settings": {"data": {"DUMB_INIT_SETSID": "0", "own": "0"}}}

    assert () == found(container, task(), config_maps=config_maps)


@pytest.mark.parametrize(
    ("words", "keeps"),
    [
        (["bash", "-c", "airflow celery worker"], True),
        (["/bin/sh", "-ec", "prepare; airflow celery worker"], True),
        (["bash", "-c", "prepare && exec airflow celery worker"], False),
        (["bash", "-c", "exec airflow celery worker"], False),
        (["bash", "/start.sh"], False),
        (["celery", "worker"], False),
    ],
)
def test_a_shell_in_front_is_a_warning_unless_it_replaces_itself(words: list[str], keeps: bool) -> None:
    for container in ({"args": words}, {"command": words, "args": []}):
        assert ([False] if keeps else []) == [each.kills for each in found(container, task())]


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
