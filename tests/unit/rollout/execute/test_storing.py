"""How long a version waits to be read, where a deployment has its dag-processor store a DAG only so often."""

import json
from dataclasses import replace
from typing import Any

import pytest

from dagship.errors import OutsideError
from dagship.inside.scheduler.answer import MARK
from dagship.model.artifacts import Target
from dagship.model.thin import CURRENT, NAME
from dagship.record.model import Change, Move, Record
from dagship.rollout.execute import apply, storing
from dagship.rollout.execute.operation import Moving
from dagship.rollout.plan.model import Planned
from dagship.rollout.survey import Survey
from dagship.rollout.thin.patience import STORE
from tests.builders import operations, thin
from tests.builders import pods as o
from tests.builders.airflow import Object
from tests.builders.namespace import Namespace
from tests.builders.scheduler import inventory

ANNOUNCING = thin.announcing(None, thin.value())
IMAGE = Change(field="image", container="dag-processor", before=thin.RUNS, after=thin.T6)
MOVING = Move(kind="Deployment", name="dag-processor", role="dag-processor", changes=(IMAGE,))


class Airflow(Namespace):
    """A namespace whose dag-processor says after how many seconds it would store each DAG."""

    def __init__(self, rest: Any, *objects: Object) -> None:
        name = "dag-processor"
        ready = o.pod(f"{name}-1", containers=[o.container(name)], statuses=[o.running(name)])
        super().__init__(*objects, ready)
        self._rest = rest
        self.questions = 0

    def exec(self, *_: Any, **__: Any) -> tuple[int, str]:
        self.questions += 1
        if isinstance(self._rest, OutsideError):
            raise self._rest
        return 0, f"{MARK}{json.dumps({'served': True, 'rest': self._rest})}\n"


def objects(interval: str, *, replicas: int = 1) -> list[Object]:
    made = [*thin.airflow()]
    for one in made:
        if one["metadata"]["name"] == "dag-processor":
            one["spec"]["replicas"] = replicas
            one["spec"]["template"]["spec"]["containers"][0].setdefault("env", []).append(
                {"name": STORE, "value": interval}
            )
    return made


def under_way(airflow: Airflow, move: Move, made: list[Object], *, of: str = "3.3.2", api: Any = None) -> Moving:
    survey = Survey(inventory=inventory(*made), record=Record())
    target = Target(image=thin.T6, digest="", dag_version=thin.V6, airflow=of)
    plan = Planned(kind="rollout", target=target, moves=(move,))
    operation = replace(operations.operation(airflow, plan, survey), api=api)
    return replace(operations.moving(airflow, target, move), operation=operation)


def waited(rest: Any, move: Move = ANNOUNCING, interval: str = "30", **more: Any) -> tuple[float, list[str], Airflow]:
    """Seconds for which a move is waited with, what is said of it, and the namespace."""
    made = objects(interval, replicas=more.pop("replicas", 1))
    airflow = Airflow(rest, *made)
    moving = under_way(airflow, move, made, **more)
    began = airflow.now
    storing.wait(moving, move)
    return airflow.now - began, [*moving.operation.notes.warnings], airflow


def test_what_is_read_waits_until_all_of_it_would_be_stored_and_that_is_said() -> None:
    seconds, (said,), airflow = waited(12.5)

    assert seconds == pytest.approx(12.5)
    assert said == (
        f"waiting 12 s before configmap/dagship-dags changes, since the dag-processor has {STORE}=30, and gives a DAG "
        "that it stored less than that ago the new version without the new structure"
    )
    assert airflow.checks >= 12


def test_what_would_be_stored_waits_for_nothing_and_says_nothing() -> None:
    seconds, said, airflow = waited(0.0)

    assert (seconds, said, airflow.questions) == (0.0, [], 1)


@pytest.mark.parametrize("rest", [None, OutsideError("pods/exec is forbidden.")])
def test_where_it_cannot_be_known_all_of_it_is_waited_for(rest: Any) -> None:
    seconds, (said,), _ = waited(rest)

    assert seconds == pytest.approx(30.0)
    assert said.endswith("; when it stored the last one is not known")


def test_by_the_rest_api_it_cannot_be_known() -> None:
    class Api:
        """An API, that has no DAG."""

        is_2 = False

        def get(self, *_: str) -> Any:
            return type("Answer", (), {"at": 0.0})

        def every(self, *_: Any, **__: Any) -> Any:
            return type("Page", (), {"entries": []})

    seconds, (said,), airflow = waited(1.0, api=Api())

    assert seconds == pytest.approx(30.0)
    assert airflow.questions == 0
    assert said.endswith("is not known")


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"interval": "0"}, id="as in the image"),
        pytest.param({"of": "2.11.2"}, id="Airflow 2"),
        pytest.param({"replicas": 0}, id="nothing reads it"),
        pytest.param({"move": MOVING.model_copy(update={"name": "worker", "role": "worker"})}, id="it stores nothing"),
    ],
)
def test_nobody_is_asked_where_it_makes_no_difference(more: dict[str, Any]) -> None:
    seconds, said, airflow = waited(30.0, **more)

    assert (seconds, said, airflow.questions) == (0.0, [], 0)


def test_a_dag_processor_that_is_to_run_another_image_waits_too_and_workers_do_not() -> None:
    assert waited(7.0, MOVING)[0] == pytest.approx(7.0)


def test_an_announcement_that_is_there_already_waits_for_nothing() -> None:
    made = objects("30")
    airflow = Airflow(30.0, *made, thin.config_map(thin.announcement(), v6=b"123"))

    apply.one(under_way(airflow, ANNOUNCING, made), ANNOUNCING)
    assert airflow.questions == 0


def test_a_way_back_waits_as_the_way_there_does() -> None:
    made = objects("30")
    airflow = Airflow(5.0, *made, thin.config_map(thin.announcement(), v6=b"123"))
    began = airflow.now

    apply.one(under_way(airflow, ANNOUNCING, made), ANNOUNCING.reversed())
    assert airflow.now - began == pytest.approx(5.0)
    assert CURRENT not in airflow.get("ConfigMap", NAME)["data"]
