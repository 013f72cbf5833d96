"""What the ways to bring DAGs to the same Airflow have in common."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from tests.builders.airflow import Object
from tests.e2e.releases import Release
from tests.e2e.soak.dagfiles import SHAPES, Shape, files
from tests.e2e.soak.evidence import Cleared, Delivered

# The same for all ways. A task whose worker is gone is noticed after two minutes instead of five. On a busy machine the
# first task that a scheduler sends takes more than the second it is given, and fails by itself.
VALUES: Object = {
    "workers": {"replicas": 2, "terminationGracePeriodSeconds": 300},
    "triggerer": {"replicas": 0},
    "config": {"scheduler": {"task_instance_heartbeat_timeout": 120}, "celery": {"operation_timeout": 30}},
}
# With all shapes of DAGs triggers are to run, and of two files that take seconds each one is to be parsed beside the other.
OF_ALL: Object = {
    "triggerer": {"replicas": 1},
    "config": {**VALUES["config"], "dag_processor": {"parsing_processes": 2}},
}


@dataclass(frozen=True, kw_only=True)
class Project:
    """Where DAGs are delivered from.

    Attributes:
        directory: A directory of its own.
        base: The Airflow base image.
        values: Values of the testbed.
        shapes: Its DAGs.

    """

    directory: Path
    base: str
    values: Path
    shapes: tuple[Shape, ...] = SHAPES

    def write(self, number: int) -> Path:
        """Makes the DAGs of a version; returns their directory."""
        folder = self.directory / "dags"
        for name, text in files(number, self.shapes).items():
            (folder / f"{name}.py").write_text(text, encoding="utf-8")
        return folder


class Delivery(ABC):
    """A way.

    Args:
        release: Airflow.
        project: Where DAGs come from.

    """

    what: str

    def __init__(self, release: Release, project: Project) -> None:
        self.release = release
        self.project = project
        # What Evidence has of them.
        self.numbers: dict[str, int] = {}
        self.cleared: set[Cleared] = set()

    @abstractmethod
    def install(self) -> None:
        """Installs Airflow with version 1 of the DAGs."""

    @abstractmethod
    def deliver(self, number: int) -> Delivered:
        """Delivers a version."""

    def gone(self) -> None:  # noqa: B027 - most leave nothing
        """Takes away what outlives the namespace."""

    def _installed(self, values: Object) -> None:
        done = self.release.install(self.project.directory, values=VALUES | values)
        assert done.returncode == 0, done.stderr
