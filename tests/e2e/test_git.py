"""Git delivery on a real Airflow 3 with Celery, commit by commit; then DAGs of claims, with other executors.

One release that goes through everything, in this order.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e import dags
from tests.e2e.api import until
from tests.e2e.conftest import pushed, repository
from tests.e2e.git_server import GitServer, serving
from tests.e2e.releases import BRIDGE, NAME, Release
from tests.e2e.volumes import volume as volume_for

pytestmark = pytest.mark.wide

INTERVAL = 5
VALUES = {"workers": {"replicas": 1}, "triggerer": {"replicas": 0}}


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    """A git server with a repository that holds the DAG."""
    with serving(
        tmp_path_factory.mktemp("git"), BRIDGE, hello=dags.hello("git-1"), words=dags.words("git-1")
    ) as server:
        yield server


@pytest.fixture(scope="module")
def project(based: Callable[[str], tuple[str, Path]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one DAG."""
    base, _ = based("3.3.2")
    where = tmp_path_factory.mktemp("project")
    return repository(where, base, hello=dags.hello("image"), words=dags.words("image"))


@pytest.fixture(scope="module")
def air(
    based: Callable[[str], tuple[str, Path]], released: Callable[..., Release], project: Path, git: GitServer
) -> Release:
    """The release, with what is pushed."""
    _, values = based("3.3.2")
    release = released(values, major=3)
    pushed(project)
    done = release.install(project, values={**VALUES, "dags": git.delivers("git", INTERVAL)})
    assert done.returncode == 0, done.stderr
    return release


def _syncs(air: Release, project: Path) -> dict[str, dict[str, str]]:
    """What `status` says of every sync, by pod."""
    done = air.dagship(project, "status", f"--release={NAME}", "--json")
    assert done.returncode in {0, 1}, done.stderr
    return {one["pod"]: one for one in json.loads(done.stdout)["git"]}


def _everywhere(air: Release, project: Path, **fields: str) -> None:
    """Waits until every sync says so."""

    def said() -> bool:
        found = _syncs(air, project)
        return bool(found) and all(one[name] == value for one in found.values() for name, value in fields.items())

    until(said, f"every sync says {fields}", INTERVAL + 45)


def _served(air: Release, tag: str) -> None:
    """Waits until Airflow serves the file that has this tag."""
    with air.api() as api:
        until(
            lambda: tag in api.tags("hello"),
            f"Airflow serves {tag}",
        )


def test_git_delivers_each_commit(air: Release, project: Path, git: GitServer) -> None:
    _served(air, "git-1")
    with air.api() as api:
        run = api.ran("hello")
        assert "it says git-1" in api.log("hello", run, "say")

        commit = git.commit(hello=dags.hello("git-2"), words=dags.words("git-2"))
        git.push()
        _served(air, "git-2")

        run = api.ran("hello")
        assert "it says git-2" in api.log("hello", run, "say")
        assert api.run("hello", run)["bundle_version"] == commit
    _everywhere(air, project, state="current", current=commit)


def test_a_commit_that_cannot_be_imported_is_not_published_and_status_names_it(
    air: Release, project: Path, git: GitServer
) -> None:
    (good,) = {one["current"] for one in _syncs(air, project).values()}
    bad = git.commit(hello="from airflow.sdk import dag, nothing_of_that_name\n")
    git.push()

    _everywhere(air, project, state="refused", current=good, candidate=bad)

    done = air.dagship(project, "status", f"--release={NAME}")
    assert done.returncode == 1
    assert bad[:12] in done.stderr
    assert "hello.py" in done.stderr
    with air.api() as api:
        run = api.ran("hello")
        assert "it says git-2" in api.log("hello", run, "say")


def test_of_two_commits_at_once_the_last_is_served_and_a_force_push_is_followed(
    air: Release, project: Path, git: GitServer
) -> None:
    git.back()
    git.commit(hello=dags.hello("forced-1"), words=dags.words("forced-1"))
    last = git.commit(hello=dags.hello("forced-2"), words=dags.words("forced-2"))
    git.push(force=True)

    _served(air, "forced-2")

    _everywhere(air, project, state="current", current=last)
    with air.api() as api:
        run = api.ran("hello")
        assert "it says forced-2" in api.log("hello", run, "say")


def test_airflow_goes_on_without_the_git_server_and_a_new_worker_comes_up_when_it_is_back(
    air: Release, project: Path, git: GitServer
) -> None:
    (last,) = {one["current"] for one in _syncs(air, project).values()}
    git.stop()
    _everywhere(air, project, state="unreachable", current=last)
    with air.api() as api:
        api.ran("hello")
        git.start()
        _everywhere(air, project, state="current", current=last)
        commit = git.commit(hello=dags.hello("back"), words=dags.words("back"))
        git.push()
        _served(air, "back")
    _everywhere(air, project, state="current", current=commit)


def test_the_kubernetes_executor_runs_a_task_in_a_pod_of_the_image_on_a_claim_that_one_sync_fills_for_all(
    air: Release, project: Path, git: GitServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shared = tmp_path_factory.mktemp("shared")
    shared.chmod(0o777)
    volume = volume_for(air.kubectl, "dags", f"{NAME}-dags", shared, "ReadWriteMany")
    try:
        done = air.install(
            project,
            values={**VALUES, "executor": "KubernetesExecutor", "dags": git.delivers("persistent", INTERVAL)},
        )
        assert done.returncode == 0, done.stderr
        commit = git.commit(hello=dags.hello("shared"), words=dags.words("shared"))
        git.push()
        _served(air, "shared")

        assert len(_syncs(air, project)) == 1
        _everywhere(air, project, state="current", current=commit)
        with air.api() as api:
            run = api.started("hello")
            pod = until(
                lambda: next(
                    (
                        one
                        for one in air.kubectl.get("pods")["items"]
                        if one["metadata"]["labels"].get("kubernetes_executor") == "True"
                    ),
                    None,
                ),
                "a pod for the task",
            )
            assert api.ended("hello", run) == "success", api.logs("hello", run)
            assert api.run("hello", run)["bundle_version"] == commit
            assert api.returned("hello", run, "say") == "shared"
        assert {one["image"] for one in pod["spec"]["containers"]} == set(air.images().values())
    finally:
        air.kubectl("delete", "persistentvolume", volume, "--wait=false")


def test_the_local_executor_runs_the_dags_of_a_claim_that_the_user_fills(
    air: Release, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mine = tmp_path_factory.mktemp("mine")
    mine.chmod(0o755)
    (mine / "hello.py").write_text(dags.hello("mine"), encoding="utf-8")
    (mine / "words.py").write_text(dags.words("mine"), encoding="utf-8")
    volume = volume_for(air.kubectl, "mine", "mine", mine, "ReadWriteMany")
    try:
        air.kubectl.apply({
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "mine"},
            "spec": {
                "accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": ""
            },
        })  # fmt: skip
        filled = {"mode": "persistent", "persistent": {"claim": "mine"}}
        done = air.install(project, values={**VALUES, "executor": "LocalExecutor", "dags": filled})
        assert done.returncode == 0, done.stderr
        assert "StatefulSet/air-worker" not in {name.rpartition("/")[0] for name in air.images()}

        _served(air, "mine")
        with air.api() as api:
            run = api.ran("hello")
            assert "it says mine" in api.log("hello", run, "say")
    finally:
        air.kubectl("delete", "persistentvolume", volume, "--wait=false")
