"""What the end-to-end tests share: a real cluster, real images of Airflow, and releases of the chart."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cluster.conftest import helm_program, kubeconfig, namespace
from tests.e2e.releases import Release
from tests.machine import ROOT

if TYPE_CHECKING:
    from tests.cluster.kubectl import Kubectl

__all__ = ["helm_program", "kubeconfig"]

REGISTRY = os.environ.get("DAGSHIP_TEST_REGISTRY", "127.0.0.1:5000")


# The namespaces of the releases that run now.
_RUNNING: "list[Kubectl]" = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds to a failure what runs in the namespaces of the releases, and what it said last."""
    report = yield
    if report.failed:
        for kubectl in _RUNNING:
            report.sections.append((f"pods of {kubectl.namespace}", _pods(kubectl)))
    return report


def _pods(kubectl: "Kubectl") -> str:
    said = [kubectl("get", "pods", "--output=wide", check=False)]
    for pod in kubectl("get", "pods", "--output=name", check=False).split():
        log = kubectl("logs", pod, "--all-containers", "--prefix", "--tail=15", check=False)
        said.append("\n".join(line[:400] for line in log.splitlines()))
    return "\n".join(said)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that two that run side by side end at about the same time."""
    order = (
        "test_soak.py",
        "test_airflow_3.py",
        "test_served.py",
        "test_git.py",
        "test_hold.py",
        "test_airflow_2.py",
        "test_tutorial.py",
    )
    items.sort(key=lambda item: order.index(item.path.name))


def dagship(where: Path, *arguments: str) -> str:
    """Calls dagship; returns its document."""
    finished = subprocess.run(
        [sys.executable, "-m", "dagship.cli", *arguments, "--json"], cwd=where, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def repository(where: Path, base: str, **files: str) -> Path:
    """Makes a repository with these Python files as its DAGs."""
    (where / "dags").mkdir()
    for name, text in files.items():
        (where / "dags" / f"{name}.py").write_text(text, encoding="utf-8")
    settings = f'repository = "{REGISTRY}/dagship-test/chart"\nbase = "{base}"\n'
    (where / "dagship.toml").write_text(settings, encoding="utf-8")
    return where


def pushed(project: Path) -> str:
    """Builds, tests and pushes the DAGs of a project; returns the image by digest."""
    for task in ("build", "test-image"):
        dagship(project, task)
    said = json.loads(dagship(project, "push"))
    return f"{said['reference'].rpartition(':')[0]}@{said['digest']}"


@pytest.fixture(scope="session")
def based(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[str, Path]]:
    """Base image and values of the testbed for a version of Airflow."""

    def made(version: str) -> tuple[str, Path]:
        where = tmp_path_factory.mktemp("base")
        base: str = json.loads(dagship(where, "base", "--airflow", version))["reference"]
        finished = subprocess.run([ROOT / "script/airflow", "values", base], capture_output=True, text=True)
        assert finished.returncode == 0, finished.stderr
        values = where / "values.yaml"
        values.write_text(finished.stdout, encoding="utf-8")
        return base, values

    return made


@pytest.fixture(scope="module")
def released(kubeconfig: Path, helm_program: str) -> Iterator[Callable[..., Release]]:
    """Makes releases, each in a namespace of its own that is gone afterwards."""
    before = len(_RUNNING)

    def release(values: Path, *, major: int) -> Release:
        kubectl = namespace(kubeconfig)
        _RUNNING.append(kubectl)
        return Release(kubectl, helm_program, values, major=major)

    yield release
    while len(_RUNNING) > before:
        kubectl = _RUNNING.pop()
        kubectl.delete_namespace()
