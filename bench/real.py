"""A real Airflow on the chart, with the DAGs of a project of its own embedded in its image."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.airflow import namespace
from bench.project import REGISTRY, Project
from bench.timing import run
from dagship.errors import OutsideError
from tests.builders.airflow import Object
from tests.cluster.kubectl import Kubectl
from tests.e2e import dags
from tests.e2e.releases import Release
from tests.machine import ROOT


@dataclass(frozen=True, kw_only=True)
class Air:
    """An Airflow and its project.

    Attributes:
        release: The release of the chart.
        kubectl: kubectl in its namespace.
        directory: The project.

    """

    release: Release
    kubectl: Kubectl
    directory: Path

    def write(self, **files: str) -> None:
        """Writes Python files of the DAG directory."""
        for name, text in files.items():
            (self.directory / "dags" / f"{name}.py").write_text(text, "utf-8")

    def document(self, task: str, *flags: str) -> dict[str, Any]:
        """Runs a task of dagship; returns its document."""
        said: dict[str, Any] = json.loads(must(self.release.dagship(self.directory, task, *flags, "--json")))
        return said

    def pods(self) -> frozenset[str]:
        """The pods there are, by their ids."""
        return frozenset(one["metadata"]["uid"] for one in self.kubectl.get("pods")["items"])


@contextmanager
def installed(project: Project, name: str, values: Object) -> Iterator[Air]:
    """Installs Airflow with the base image, and removes all of it at the end."""
    helm = run([str(ROOT / "script/helm")]).stdout.strip()
    directory = project.directory / name
    (directory / "dags").mkdir(parents=True)
    settings: Mapping[str, str] = {
        "repository": f"{REGISTRY}/bench/{name}",
        "base": project.base,
        "from_image": f"{REGISTRY}/dagship/airflow-base",
    }
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    (directory / "dagship.toml").write_text("".join(lines), "utf-8")
    file = directory / "values.yaml"
    file.write_text(run([str(ROOT / "script/airflow"), "values", project.base]).stdout, "utf-8")
    kubectl = namespace()
    air = Air(release=Release(kubectl, helm, file, major=3), kubectl=kubectl, directory=directory)
    air.write(hello=dags.hello("first"), words=dags.words("first"))
    try:
        must(air.release.install(directory, values=values))
        yield air
    finally:
        kubectl("delete", "namespace", kubectl.namespace)


def must(done: object) -> str:
    """Returns what a process said that ended well.

    Raises:
        OutsideError: It did not.

    """
    if getattr(done, "returncode", 1) != 0:
        raise OutsideError(str(getattr(done, "stderr", done)))
    return str(getattr(done, "stdout", ""))
