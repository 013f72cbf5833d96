"""What is asked of Airflow around a rollout: of the right one, and again where what it said has grown old."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from dagship.airflow import wait_for_runs
from dagship.airflow.activity import Activity, RunCount
from dagship.errors import Refused
from dagship.inside.scheduler.answer import MARK
from dagship.model.artifacts import Target
from dagship.record.model import Change, Move, Record
from dagship.rollout.execute import runs
from dagship.rollout.execute.operation import Operation
from dagship.rollout.plan.model import Planned
from dagship.rollout.survey import Survey
from dagship.workloads import spec
from dagship.workloads.inventory import Inventory
from tests.builders import operations
from tests.builders import pods as o
from tests.builders.airflow import container, deployment, pod, stateful_set

A, B = "a" * 12, "b" * 12
PINNED = Activity(baked=True, runs=(RunCount(version=A, state="running", runs=1),))


class Airflows:
    """A namespace with two Airflows; the scheduler that is meant says that the runs ended, and what runs by then."""

    def __init__(self, **said: Any) -> None:
        self.said = {"baked": True, "asked": o.NOW, **said}
        self.worker = {
            **o.pod("worker-0"),
            "spec": pod(container("worker", o.V1, "celery", "worker"), name="x")["spec"],
        }
        self.worker["metadata"]["labels"]["app"] = "worker"

    def list(self, _kind: str, *, selector: str = "") -> list[dict[str, Any]]:
        return [o.pod(selector.removeprefix("app="))] if selector else [self.worker]

    def exec(self, pod: str, _container: str, _argv: Sequence[str], *, timeout: float) -> tuple[int, str]:
        assert timeout > 0
        said = self.said if pod == "scheduler" else {"error": "the other Airflow"}
        return 0, f"{MARK}{json.dumps(said)}\n"

    def check(self) -> None:
        """The lease is ours."""


def wait(airflows: Airflows, **asked: Any) -> Operation:
    made = [
        *(deployment(name, pod(container("x", o.V1, "scheduler"), name=name)) for name in ("other", "scheduler")),
        stateful_set("worker", pod(container("worker", o.V1, "celery", "worker"), name="worker")),
    ]
    moves = tuple(
        Move(
            kind=one["kind"],
            name=one["metadata"]["name"],
            role="worker" if one["kind"] == "StatefulSet" else "scheduler",
            changes=(Change(field="image", container="worker", before=o.V1, after=o.V2),),
        )
        for one in made[1:]
    )
    inventory = Inventory(
        objects={(one["kind"], one["metadata"]["name"]): one for one in made},
        workloads=tuple(spec.read(one["kind"], one) for one in made),
    )
    survey = Survey(inventory=inventory, record=Record())
    target = Target(image=o.V2, digest="", dag_version=B, dag_versions=(B,))
    plan = Planned(kind="rollout", target=target, moves=moves)
    operation = operations.operation(airflows, plan, survey, activity=PINNED, wait_for_runs=60, **asked)
    return runs.wait(operation, operations.ledger(airflows, operation))


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait_for_runs, "EVERY", 0.0)


def test_of_two_airflows_the_one_that_moves_is_waited_for() -> None:
    activity = wait(Airflows(airflow="3.3.2")).observed.activity

    assert activity
    assert ("3.3.2", {}) == (activity.airflow, activity.by_version)


def test_a_task_that_began_while_runs_were_waited_for_is_not_killed() -> None:
    task = {"dag_id": "d", "run_id": "r", "task_id": "t", "host": "worker-0", "began": o.NOW}
    airflows = Airflows(tasks=[task], running=1)

    with pytest.raises(Refused, match="The pods of statefulset/worker get 2 s to end; 1 task runs there"):
        wait(airflows)
    assert any("get 2 s to end" in said for said in wait(airflows, interrupt_tasks=True).notes.warnings)


def test_runs_are_looked_after_also_where_the_same_image_only_gets_another_registrys_name() -> None:
    raw = stateful_set(
        "worker", pod(container("worker", f"old.example/team/airflow@{o.digest(o.V2)}", "celery", "worker"), name="w")
    )
    changes = (Change(field="image", container="worker", after=o.V2),)
    planned = Planned(
        kind="rollout",
        target=Target(image=o.V2, digest=o.digest(o.V2), dag_version=B, dag_versions=(B,)),
        moves=(Move(kind="StatefulSet", name="worker", role="worker", changes=changes),),
    )
    survey = Survey(inventory=Inventory(objects={("StatefulSet", "worker"): raw}, workloads=()), record=Record())
    operation = operations.operation(Airflows(), planned, survey, activity=PINNED)

    with pytest.raises(Refused, match="Unfinished runs are pinned to DAG versions that the image does not hold"):
        runs.check(operation)
    raw["spec"]["template"]["spec"]["containers"][0]["image"] = o.V2
    assert runs.check(operation) == (operation, ())
