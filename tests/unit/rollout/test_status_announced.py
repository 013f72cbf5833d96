"""What is announced to pods, what the dag-processor says of it, and when that is not as it was left."""

import json
from typing import Any

import pytest

from dagship.cluster.failures import Unreachable
from dagship.inside.scheduler.answer import MARK
from dagship.record import announced
from dagship.record.model import Change, Move, Record, Release
from dagship.rollout import status_announced
from dagship.rollout.results import AnnouncedReport
from dagship.rollout.survey import Survey
from dagship.workloads import spec
from dagship.workloads.inventory import Inventory
from dagship.workloads.kinds import KINDS
from tests.builders import pods as o
from tests.builders import thin
from tests.builders.airflow import Object


class Pods:
    """A cluster whose dag-processors answer what they are told to."""

    def __init__(self, *, processors: int = 1, **answer: Any) -> None:
        self.asked: list[dict[str, Any]] = []
        self._answer, self._processors = answer, processors

    def list(self, _kind: str, *, selector: str) -> list[dict[str, Any]]:
        assert selector == "app=dag-processor"
        return [o.pod(f"dag-processor-{number}") for number in range(self._processors)]

    def exec(self, _pod: str, _container: str, _argv: Any, *, timeout: float, stdin: bytes) -> tuple[int, str]:
        assert timeout > 0
        self.asked.append(json.loads(stdin.partition(b"\n")[2])["asked"])
        if not self._answer:
            raise Unreachable("It does not answer.")
        return 0, f"{MARK}{json.dumps(self._answer)}\n"


def look(cluster: Pods, *objects: Object, record: Record | None = None, without: Any = ()) -> AnnouncedReport | None:
    made = {(one["kind"], one["metadata"]["name"]): one for one in (*thin.airflow(without=without), *objects)}
    workloads = tuple(spec.read(kind, raw) for (kind, _), raw in made.items() if kind in KINDS)
    survey = Survey(inventory=Inventory(objects=made, workloads=workloads), record=record or Record())
    return status_announced.look(cluster, survey, workloads, thin.BASE)  # type: ignore[arg-type]


def record() -> Record:
    """One whose last release announced the version 6."""
    change = Change(field="announced", name="current", after=announced.value(thin.announcement()))
    move = Move(kind="ConfigMap", name="dagship-dags", role="announcement", changes=(change,))
    return Record(releases=(Release(number=1, kind="rollout", image=thin.T6, when="", moves=(move,)),))


def test_without_a_mount_there_is_nothing_to_say() -> None:
    assert look(Pods(), without=["dag-processor"]) is None


def test_what_is_announced_and_served_is_right() -> None:
    cluster = Pods(served=True, version=thin.V6)
    found = look(cluster, thin.config_map(thin.announcement(), v6=b"abc"), record=record())

    assert found == AnnouncedReport(
        config_map="dagship-dags",
        current=thin.announcement(),
        packages={thin.V6: thin.packaged()},
        bytes=3,
        serves=thin.V6,
    )
    assert found.right
    assert [(one["version"], one["serial"], one["seconds"]) for one in cluster.asked] == [(thin.V6, 7, 0.0)]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"served": False, "why_not": "It is damaged."}, "It is damaged."),
        ({"served": False, "version": thin.V5}, f"It serves {thin.V5}."),
        ({"served": False}, "It serves nothing yet."),
        (
            {"served": False, "version": thin.V6, "left": 1, "waiting": ["a.py"]},
            "1 of its files are not read yet, or make no DAG there (a.py).",
        ),
        (
            {"served": False, "version": thin.V6, "new": {"a.py": "KeyError: 1"}},
            "It cannot import a.py: KeyError: 1.",
        ),
        ({}, "The dag-processor could not be asked what it serves."),
    ],
)
def test_what_is_not_served_is_told_with_the_reason(answer: dict[str, Any], why: str) -> None:
    found = look(Pods(**answer), thin.config_map(thin.announcement()))

    assert found is not None
    assert (found.why_not, found.right) == (why, False)


def test_a_dag_processor_that_is_not_there_cannot_be_asked() -> None:
    found = look(Pods(served=True, processors=0), thin.config_map(thin.announcement()))

    assert found is not None
    assert found.why_not == "The dag-processor could not be asked what it serves."


def test_where_nothing_is_announced_the_images_own_is_served_as_of_serial_0() -> None:
    cluster = Pods(served=True, version=thin.BASE)
    found = look(cluster)

    assert found == AnnouncedReport(config_map="dagship-dags", serves=thin.BASE)
    assert found.right
    assert (cluster.asked[0]["version"], cluster.asked[0]["serial"]) == (thin.BASE, 0)


def test_an_announcement_that_is_gone_is_not_right_whatever_is_served_still() -> None:
    found = look(Pods(served=False, version=thin.V6), record=record())

    assert found is not None
    assert (found.lost, found.serves, found.why_not, found.right) == (thin.V6, thin.V6, "", False)


def test_a_config_map_that_cannot_be_read_is_said() -> None:
    found = look(Pods(), {"kind": "ConfigMap", "metadata": {"name": "dagship-dags"}, "data": {"current": "by hand"}})

    assert found is not None
    assert found.why_not.startswith("The ConfigMap dagship-dags with what is announced cannot be read")
