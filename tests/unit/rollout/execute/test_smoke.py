"""Smoke runs at a version that is served: which are begun, waited for and refused, by a scheduler of plain data."""

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from dagship.airflow.scheduler_python import CannotAsk
from dagship.errors import Refused, UsageError
from dagship.health.watcher import WorkloadFailed
from dagship.model.artifacts import Target
from dagship.rollout.execute import smoke
from dagship.rollout.execute.operation import Moving, Operation
from dagship.rollout.survey import Survey
from tests.builders import operations, scheduler
from tests.builders.scheduler import SCHEDULER, answer, inventory

A = "a" * 12
TARGET = Target(image="r/x@sha256:1", digest="sha256:1", dag_version=A, dags={"d": "d.py", "e": "e.py"})


class Namespace(scheduler.Airflow):
    """A namespace whose scheduler says of a DAG's smoke run one thing after the other."""

    def __init__(self, **states: Sequence[dict[str, Any]]) -> None:
        super().__init__("")
        self.states = {dag_id: [*said] for dag_id, said in states.items()}
        self.questions: list[dict[str, Any]] = []

    def clock(self) -> float:
        return 1_796_020_447.25

    def check(self) -> None:
        """The lock is held."""

    def exec(self, *at: Any, **_: Any) -> tuple[int, str]:
        _, _, argv = at
        say = json.loads(zlib.decompress(base64.urlsafe_b64decode(argv[5])))
        self.questions.append(say)
        left = self.states[say["dag_id"]]
        said = left.pop(0) if len(left) > 1 else left[0]
        if said.get("dead"):
            return 1, ""
        return 0, answer(**{"run_id": say["run_id"], "version": A, **said})


def operation(namespace: Namespace, *dags: str, **options: Any) -> Operation:
    made: Any = operations.moving(namespace, TARGET).operation
    survey = Survey(inventory=inventory(SCHEDULER), record=made.survey.record)
    return replace(made, survey=survey, options=replace(made.options, smoke=dags, **options))


def prove(namespace: Namespace, *dags: str, **options: Any) -> tuple[str, ...]:
    moving: Moving = operations.moving(namespace, TARGET)
    return smoke.prove(replace(moving, operation=operation(namespace, *dags, **options)))


def test_each_dag_is_run_once_at_the_version_and_waited_for() -> None:
    namespace = Namespace(d=[{"state": "queued"}, {"state": "running"}, {"state": "success"}], e=[{"state": "success"}])

    assert ("d", "e") == prove(namespace, "d", "e")
    ids = {say["run_id"] for say in namespace.questions}
    assert {f"dagship_smoke__{A}__20261130T063407250000"} == ids
    assert ["d", "d", "d", "e"] == sorted(say["dag_id"] for say in namespace.questions)


def test_one_that_an_earlier_rollout_has_begun_is_waited_for_in_its_place() -> None:
    namespace = Namespace(d=[{"state": "running", "run_id": "dagship_smoke__before"}, {"state": "success"}])

    assert ("d",) == prove(namespace, "d")
    assert "dagship_smoke__before" == namespace.questions[-1]["run_id"]


def test_nothing_is_asked_where_no_run_is_wanted_or_it_goes_back() -> None:
    namespace = Namespace()

    assert () == prove(namespace)
    assert () == smoke.check(operation(namespace))
    back = operation(namespace, "d")
    assert () == smoke.check(replace(back, plan=replace(back.plan, undo=True)))
    assert [] == namespace.questions


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([{"state": "failed", "failed": ["t"]}], "the smoke run of d failed in t"),
        ([{"state": "running"}], "did not end within 0 s"),
        ([{"state": "success", "version": "b" * 12}], "is of another DAG version"),
        ([{"state": "", "run_id": "", "obstacle": "paused"}], "the DAG is paused"),
        ([{"dead": True}], "is not known: Python in scheduler-0 did not answer"),
    ],
)
def test_a_run_that_proves_nothing_fails_the_rollout(said: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(WorkloadFailed) as failed:
        prove(Namespace(d=said, e=[{"state": "success"}]), "d", "e", timeout=0.01)

    assert "SmokeFailed" == failed.value.fault.reason
    assert why in failed.value.fault.message
    assert "deployment/scheduler" == failed.value.workload


def test_what_has_not_ended_is_marked_as_failed_and_that_is_said() -> None:
    namespace = Namespace(
        d=[{"state": "running", "run_id": "r"}, {"state": "failed"}], e=[{"state": "success"}], f=[{"dead": True}]
    )
    moving: Moving = operations.moving(namespace, TARGET)
    moving = replace(moving, operation=operation(namespace, "d", "e", "f", timeout=0.0))
    with pytest.raises(WorkloadFailed):
        smoke.prove(moving)

    assert [("d", "r")] == [(say["dag_id"], say["run_id"]) for say in namespace.questions if say["end"]]
    said = "the smoke run r of d had not ended, and was marked as failed"
    assert [said] == [*moving.operation.notes.warnings]


def test_what_cannot_be_marked_as_failed_goes_on_and_that_is_said() -> None:
    namespace = Namespace(d=[{"state": "running", "run_id": "r"}, {"dead": True}])
    moving: Moving = operations.moving(namespace, TARGET)
    moving = replace(moving, operation=operation(namespace, "d", timeout=0.0))
    with pytest.raises(WorkloadFailed):
        smoke.prove(moving)

    (said,) = moving.operation.notes.warnings
    assert said.startswith(
        "the smoke run r of d goes on, since it could not be marked as failed: Python in scheduler-0"
    )


def test_an_answer_that_does_not_come_is_asked_for_again() -> None:
    assert ("d",) == prove(Namespace(d=[{"dead": True}, {"dead": True}, {"state": "success"}]), "d")


def test_what_cannot_prove_anything_is_refused_before_anything_moves() -> None:
    with pytest.raises(UsageError, match="does not have the DAG nobody"):
        smoke.check(operation(Namespace(), "nobody"))
    with pytest.raises(Refused, match="d is paused"):
        smoke.check(operation(Namespace(d=[{"state": "", "obstacle": "paused"}]), "d"))
    with pytest.raises(UsageError, match="needs an answer of Airflow") as refused:
        smoke.check(operation(Namespace(d=[{"dead": True}]), "d"))
    assert isinstance(refused.value.__cause__, CannotAsk)


def test_a_dag_that_is_new_may_be_named_and_a_run_that_was_cut_off_is_told() -> None:
    new = {"state": "", "obstacle": "gone"}
    left = {"state": "", "run_id": "", "others": ["dagship_smoke__before"]}

    said = smoke.check(operation(Namespace(d=[new], e=[left]), "d", "e"))
    assert ("a smoke run of e from before has not ended: dagship_smoke__before",) == said
