"""Results of rollouts and states of namespaces, and what people see of them."""

from collections.abc import Callable

from dagship.record.model import Change, Journal, Move
from dagship.rollout.results import RolloutResult, StatusReport, WorkloadReport

REPOSITORY = "registry.example/airflow"
OLD, NEW = (f"{REPOSITORY}@sha256:{digit * 64}" for digit in "ab")
PORT = "registry.example:5000/team/airflow"
SHOWN_OLD, SHOWN_NEW = "@aaaaaaaaaaaa", "@bbbbbbbbbbbb"

Shown = Callable[..., str]


def move(*changes: Change, name: str = "worker", step: int = 0) -> Move:
    return Move(kind="StatefulSet", name=name, step=step, changes=changes)


def image(before: str | None = OLD, after: str | None = NEW, *, of: str = "worker", init: bool = False) -> Change:
    return Change(field="image", container=of, init=init, before=before, after=after)


def journal(**more: str) -> Journal:
    values = {"state": "left", "kind": "rollout", "image": NEW, "who": "octocat", "began": "2026-01-01T00:00:00"}
    return Journal.model_validate({"dag_version": "", "airflow": "", "job": "", "moves": (), **values, **more})


def result(**more: object) -> RolloutResult:
    values = {"passed": True, "outcome": "moved", "namespace": "prod", "context": "", "image": NEW, "seconds": {}}
    return RolloutResult.model_validate({**values, **more})


def status(*workloads: WorkloadReport, **more: object) -> StatusReport:
    values = {"passed": True, "namespace": "prod", "context": "kind", "workloads": workloads, "releases": ()}
    return StatusReport.model_validate({**values, **more})


def workload(name: str, *images: str, **more: object) -> WorkloadReport:
    return WorkloadReport.model_validate({"workload": name, "role": "other", "images": images, **more})


def cells(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip()]


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]
