"""Airflow 2.11 with LocalExecutor: a rollout that holds what changes, and a registry that is cleared afterwards."""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dagship.model.reference import Reference
from dagship.registry.repository import Repository
from tests.e2e import holds
from tests.e2e.api import Api, until
from tests.e2e.conftest import REGISTRY, pushed, repository
from tests.e2e.releases import NAME, Release

pytestmark = pytest.mark.wide

_DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
HELD = ("fed", "feeds", "overlaps", "waits")


@pytest.fixture(scope="module")
def project(based: Callable[[str], tuple[str, Path]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A repository of DAGs, whose images have a repository of their own."""
    base, _ = based("2.11.2")
    where = repository(tmp_path_factory.mktemp("project"), base, **holds.files("one"))
    name = f"{REGISTRY}/dagship-test/hold-{secrets.token_hex(4)}"
    (where / "dagship.toml").write_text(f'repository = "{name}"\nbase = "{base}"\n', encoding="utf-8")
    yield where
    remote = Repository(Reference.parse(name))
    for digest in {remote.digest(tag) for tag in remote.tags()}:
        remote.delete(digest)


@pytest.fixture(scope="module")
def air(based: Callable[[str], tuple[str, Path]], released: Callable[..., Release], project: Path) -> Release:
    _, values = based("2.11.2")
    release = released(values, major=2)
    pushed(project)
    done = release.install(project, values={"executor": "LocalExecutor"})
    assert done.returncode == 0, done.stderr
    _told_by_a_shell(release)
    return release


def _told_by_a_shell(release: Release) -> None:
    """Has a shell tell the scheduler its database: what else runs in the container does not know it."""
    scheduler = f"statefulset/{NAME}-scheduler"
    containers = release.kubectl.get(scheduler)["spec"]["template"]["spec"]["containers"]
    (env,) = (one["env"] for one in containers if one["name"] == "scheduler")
    (address,) = (one for one in env if one["name"] == _DATABASE)
    patch = {
        "name": "scheduler",
        "args": ["bash", "-c", f"export {_DATABASE}=$FROM_ELSEWHERE; exec airflow scheduler"],
        "env": [{"name": _DATABASE, "$patch": "delete"}, {**address, "name": "FROM_ELSEWHERE"}],
    }
    release.kubectl("patch", scheduler, "-p", json.dumps({"spec": {"template": {"spec": {"containers": [patch]}}}}))
    release.kubectl.wait_ready(scheduler, seconds=300)


def _push(project: Path, word: str) -> str:
    for name, text in holds.files(word).items():
        (project / "dags" / f"{name}.py").write_text(text, encoding="utf-8")
    return pushed(project)


def _begun(air: Release, project: Path, *flags: str) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-m", "dagship.cli", "rollout", f"--namespace={air.kubectl.namespace}", *flags]
    environment = os.environ | {"KUBECONFIG": air.kubectl.kubeconfig}
    return subprocess.Popen(
        argv, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def _paused(api: Api) -> list[str]:
    return sorted(dag_id for dag_id in (*HELD, "quiet") if (api.dag(dag_id) or {}).get("is_paused"))


def _record(air: Release) -> dict[str, Any]:
    found: dict[str, Any] = air.kubectl.get("configmap/dagship").get("data", {})
    return found


def _waiting(api: Api) -> str:
    """A run that is under way until `_go`."""
    run = api.started("waits")
    until(lambda: api.run("waits", run)["state"] == "running", "the run begins")
    return run


def _go(api: Api) -> None:
    api("POST", "/variables", {"key": "go", "value": "yes"})


def _seen(api: Api, dag_id: str, run_id: str) -> set[str]:
    """What the tasks of a run saw of its file and of the module beside it."""
    at = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
    words = set()
    for one in api("GET", at)["task_instances"]:
        if one["state"] == "success":
            said = api("GET", f"{at}/{one['task_id']}/xcomEntries/return_value")["value"]
            words |= {word for word in ("one", "two", "three") if word in str(said)}
    return words


def _runs(api: Api, dag_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api("GET", f"/dags/{dag_id}/dagRuns?limit=100&order_by=execution_date")["dag_runs"]
    return found


def test_airflow_is_asked_with_the_environment_that_its_scheduler_has(air: Release, project: Path) -> None:
    with air.api() as api:
        until(lambda: any(run["state"] == "running" for run in _runs(api, "overlaps")), "a run begins")

    document = json.loads(air.dagship(project, "status", "--json").stdout)

    assert document["live"], document["live_unseen"]
    assert sum(one["runs"] for one in document["live"]["runs"]) > 0


def test_no_run_of_what_changes_is_under_way_and_none_sees_two_versions(air: Release, project: Path) -> None:
    image = _push(project, "two")
    with air.api() as api:
        under_way = _waiting(api)
        until(lambda: sum(run["state"] == "running" for run in _runs(api, "overlaps")) > 1, "runs overlap")
        rollout = _begun(air, project, "--hold-for-runs=240")
        until(lambda: {"fed", "feeds", "overlaps"} <= set(_paused(api)), "all else is held")
        assert rollout.poll() is None
        assert "waits" not in _paused(api)
        assert json.loads(_record(air)["hold"])["dags"] == sorted((*HELD, "quiet"))
        api("PATCH", "/dags/quiet", {"is_paused": False})  # somebody, meanwhile: it is held as well, and let go
        queued = api("POST", "/dags/feeds/dagRuns", {})["dag_run_id"]
        api("POST", "/datasets/events", {"dataset_uri": "file:///data"})

        _go(api)
        said = rollout.communicate()[0]

        assert rollout.returncode == 0, said
    assert set(air.images().values()) == {image}
    assert "hold" not in _record(air)
    with air.api() as api:  # the webserver is another one
        assert api.run("waits", under_way)["state"] == "success"
        assert _seen(api, "waits", under_way) == {"one"}
        assert _paused(api) == []
        api("PATCH", "/dags/quiet", {"is_paused": True})
        assert api.ended("feeds", queued) == "success"
        assert _seen(api, "feeds", queued) == {"two"}
        until(lambda: _runs(api, "fed"), "the dataset's event was not lost")
        until(
            lambda: any(_seen(api, "overlaps", run["dag_run_id"]) == {"two"} for run in _runs(api, "overlaps")),
            "runs go on",
        )
        seen = [_seen(api, dag_id, run["dag_run_id"]) for dag_id in HELD for run in _runs(api, dag_id)]
        assert not [words for words in seen if len(words) > 1]
        assert {"failed"}.isdisjoint(run["state"] for dag_id in HELD for run in _runs(api, dag_id))


def test_time_that_is_over_moves_nothing_and_lets_everything_go(air: Release, project: Path) -> None:
    before = air.images()
    _push(project, "three")
    with air.api() as api:
        api("DELETE", "/variables/go")
        run = _waiting(api)

        done = air.dagship(project, "rollout", "--hold-for-runs=10")

        assert done.returncode == 1, done.stderr
        said = " ".join(done.stderr.split())
        assert re.search(r"Runs of (overlaps, )?waits were still under way after 10 s; nothing was moved", said), said
        assert air.images() == before
        assert _paused(api) == ["quiet"]
        assert "hold" not in _record(air)

        api("PATCH", "/dags/waits", {"is_paused": True})
        done = air.dagship(project, "rollout", "--hold-for-runs")

        assert done.returncode == 1, done.stderr
        assert "Somebody paused waits in the middle of a run" in done.stderr
        api("PATCH", "/dags/waits", {"is_paused": False})
        _go(api)
        assert api.ended("waits", run) == "success"


def test_a_dag_that_goes_while_a_run_of_it_is_under_way_is_named_before_anything_moves(
    air: Release, project: Path
) -> None:
    file = project / "dags/waits.py"
    text = file.read_text(encoding="utf-8")
    with air.api() as api:
        api("DELETE", "/variables/go")
        run = _waiting(api)
        file.unlink()
        pushed(project)
        file.write_text(text, encoding="utf-8")

        done = air.dagship(project, "rollout", "--dry-run")

        assert done.returncode == 0, done.stderr
        assert "unfinished runs: waits (1 run). Airflow begins no further task" in " ".join(done.stderr.split())
        _go(api)
        assert api.ended("waits", run) == "success"


def test_what_a_killed_rollout_held_is_let_go_by_undo(air: Release, project: Path) -> None:
    before = air.images()
    with air.api() as api:
        api("DELETE", "/variables/go")
        run = _waiting(api)
        rollout = _begun(air, project, "--hold-for-runs=240")
        until(lambda: "overlaps" in _paused(api), "it is held")
        rollout.send_signal(signal.SIGKILL)
        rollout.communicate()
        assert set(_paused(api)) >= {"fed", "feeds", "overlaps", "quiet"}

        done = air.dagship(project, "rollout", "--undo")

        assert done.returncode == 0, done.stderr
        assert _paused(api) == ["quiet"]
        assert "hold" not in _record(air)
        assert air.images() == before
        _go(api)
        assert api.ended("waits", run) == "success"
        assert _seen(api, "waits", run) == {"two"}


def test_prune_deletes_what_neither_the_cluster_nor_its_record_mentions(air: Release, project: Path) -> None:
    def versions(document: str) -> dict[bool, int]:
        images = json.loads(document)["images"]
        return {kept: sum(bool(one["kept_for"]) is kept for one in images) for kept in (True, False)}

    _push(project, "four")

    listed = air.dagship(project, "prune", "--keep=0", "--json")
    # One ran at first and two runs; four was pushed last. Three was gone back from, and the one without `waits` never ran.
    assert versions(listed.stdout) == {True: 3, False: 2}, listed.stdout
    done = air.dagship(project, "prune", "--keep=0", "--delete", "--json")

    assert done.returncode == 0, done.stderr
    assert [one["deleted"] for one in json.loads(done.stdout)["images"]].count(True) == 2
    again = air.dagship(project, "prune", "--keep=0", "--json")
    assert versions(again.stdout) == {True: 3, False: 0}
    back = air.dagship(project, "rollback", "--to=0", "--hold-for-runs=240")
    assert back.returncode == 0, back.stderr


def test_prune_in_another_namespace_deletes_nothing(air: Release, project: Path) -> None:
    done = air.dagship(project, "prune", "--keep=0", "--delete", f"--places={air.kubectl.namespace}-not-there")

    assert done.returncode == 1, done.stderr
    assert "mentions an image of this repository" in done.stderr
    assert NAME in done.stderr or "namespace" in done.stderr
