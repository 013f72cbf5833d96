"""Airflow 2.11 with Celery and git delivery: its runs have no version, so a commit waits until none is in progress."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e import dags
from tests.e2e.api import until
from tests.e2e.conftest import pushed, repository
from tests.e2e.git_server import GitServer, serving
from tests.e2e.releases import BRIDGE, NAME, Release

pytestmark = pytest.mark.wide

INTERVAL = 5


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    """A git server with a repository that holds two DAGs."""
    files = {"hello": dags.hello("one"), "words": dags.words("one"), "waits": dags.waits("go")}
    with serving(tmp_path_factory.mktemp("git"), BRIDGE, **files) as server:
        yield server


@pytest.fixture(scope="module")
def project(based: Callable[[str], tuple[str, Path]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one DAG."""
    base, _ = based("2.11.2")
    return repository(tmp_path_factory.mktemp("project"), base, hello=dags.hello("image"), words=dags.words("image"))


@pytest.fixture(scope="module")
def air(
    based: Callable[[str], tuple[str, Path]], released: Callable[..., Release], project: Path, git: GitServer
) -> Release:
    _, values = based("2.11.2")
    release = released(values, major=2)
    pushed(project)
    done = release.install(
        project,
        values={
            "workers": {"replicas": 1},
            "dags": git.delivers("git", INTERVAL),
        },
    )
    assert done.returncode == 0, done.stderr
    return release


def test_a_dag_runs_and_its_log_is_read_from_the_worker_by_its_name(air: Release) -> None:
    with air.api() as api:
        run = api.ran("hello")
        log = api.log("hello", run, "say")
    assert "it says one" in log
    assert f".{NAME}-worker.{air.kubectl.namespace}.svc.cluster.local:8793/log/" in log


def test_every_component_is_well_says_helm_test(air: Release) -> None:
    done = air.helm("test", NAME, "--logs")

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_commit_waits_for_the_runs_in_progress(air: Release, project: Path, git: GitServer) -> None:
    def states() -> set[str]:
        done = air.dagship(project, "status", f"--release={NAME}", "--json")
        return {one["state"] for one in json.loads(done.stdout)["git"]}

    with air.api() as api:
        run = api.started("waits")
        until(lambda: api.run("waits", run)["state"] == "running", "the run begins")
        git.commit(hello=dags.hello("two"), words=dags.words("two"))
        git.push()
        until(lambda: states() == {"held"}, "every sync holds the commit")
        assert [one["name"] for one in (api.dag("hello") or {})["tags"]] == ["one"]

        api("POST", "/variables", {"key": "go", "value": "yes"})

        assert api.ended("waits", run) == "success"
        until(lambda: states() == {"current"}, "every sync publishes it")
        until(lambda: [one["name"] for one in (api.dag("hello") or {})["tags"]] == ["two"], "it is served")
        run = api.ran("hello")
        assert "it says two" in api.log("hello", run, "say")
