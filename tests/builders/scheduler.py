"""A scheduler that is asked, and answers as Airflow does."""

import json
from collections.abc import Sequence
from typing import Any

from dagship.airflow import query
from dagship.errors import OutsideError
from dagship.inside.scheduler.answer import MARK
from dagship.workloads import spec
from dagship.workloads.inventory import Inventory
from tests.builders import pods as o
from tests.builders.airflow import container, deployment, pod

SCHEDULER = deployment(
    "scheduler", pod(container("groomer", o.V1, "clean"), container("main", o.V1, "scheduler"), name="scheduler")
)


def inventory(*made: dict[str, Any]) -> Inventory:
    objects = {(one["kind"], one["metadata"]["name"]): one for one in made}
    return Inventory(objects=objects, workloads=tuple(spec.read(one["kind"], one) for one in made))


class Airflow:
    """A scheduler's pod that answers."""

    def __init__(self, said: str | OutsideError, *pods: dict[str, Any]) -> None:
        self.said = said
        self.pods = pods or (o.pod("scheduler-0"),)
        self.asked: list[tuple[str, str, Sequence[str]]] = []
        self.selectors: list[str] = []

    def list(self, _kind: str, *, selector: str = "") -> list[dict[str, Any]]:
        self.selectors.append(selector)
        return [*self.pods]

    def exec(self, pod: str, container: str, argv: Sequence[str], *, timeout: float) -> tuple[int, str]:
        assert timeout > 60
        self.asked.append((pod, container, argv))
        if isinstance(self.said, OutsideError):
            raise self.said
        return 0, self.said


def answer(**said: Any) -> str:
    return f"a line of Airflow's\n{MARK}{json.dumps(said)}\nanother\n"


def live(airflow: Airflow, **more: Any) -> Any:
    return query.connect(airflow, inventory(SCHEDULER)).activity(**more)  # type: ignore[arg-type]
