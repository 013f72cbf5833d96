"""DAGs that pass test-image and fail in the cluster, on a real Airflow 3: a Variable that only the env file has, a run.

One release that goes through everything, in this order; a file in it is broken from the beginning, and fails nothing.
Airflow is asked by commands in its pods first. Then by its REST API, with the Role for that, which runs no command.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.gateways import edited, token_for
from tests.e2e import dags
from tests.e2e.api import Api, until
from tests.e2e.conftest import pushed, repository
from tests.e2e.releases import Release
from tests.machine import ROOT

VALUES = {"executor": "LocalExecutor", "triggerer": {"replicas": 0}}
_RBAC = ROOT / "k8s/rbac"
_ACCOUNT = "dagship-deployer"


@pytest.fixture(scope="module")
def project(based: Callable[[str], tuple[str, Path]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose env file has Variables that no database has."""
    base, _ = based("3.3.2")
    where = tmp_path_factory.mktemp("project")
    old = dags.needs("never", dags.waits("x"))
    repository(where, base, hello=dags.hello("image"), words=dags.words("x"), old=old, proof=dags.proof())
    (where / "test.env").write_text(
        "AIRFLOW_VAR_NEVER=x\nAIRFLOW_VAR_REGION=x\nAIRFLOW_VAR_TOKEN=x\n", encoding="utf-8"
    )
    with (where / "dagship.toml").open("a", encoding="utf-8") as settings:
        settings.write('env_file = "test.env"\n')
    return where


@pytest.fixture(scope="module")
def air(based: Callable[[str], tuple[str, Path]], released: Callable[..., Release], project: Path) -> Release:
    """The release, with an import error that was there before anything else."""
    _, values = based("3.3.2")
    release = released(values, major=3)
    pushed(project)
    done = release.install(project, values=VALUES)
    assert done.returncode == 0, done.stderr
    with release.api() as api:
        until(lambda: api.tags("hello") == ["image"] and api.dag("proof"), "the image's DAGs are served")
        until(lambda: api("GET", "/importErrors")["total_entries"] == 1, "the old file is read")
    return release


@pytest.fixture(scope="module")
def by_rest(air: Release, kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The release for an account that has the Role without pods/exec alone, and a token of Airflow."""
    for name in ("serviceaccount", "rest/role", "rolebinding"):
        manifest = (_RBAC / f"{name}.yaml").read_text("utf-8")
        air.kubectl(
            "create", "-f", "-", input=manifest.replace("namespace: airflow", f"namespace: {air.kubectl.namespace}")
        )
    login = edited(kubeconfig, tmp_path_factory.mktemp("login"), user={"token": token_for(air.kubectl, _ACCOUNT)})
    asked = ("auth", "can-i", "create", "pods", "--subresource=exec")
    refused = air.kubectl.run(*asked, f"--as=system:serviceaccount:{air.kubectl.namespace}:{_ACCOUNT}")
    assert refused.stdout.strip() == "no", refused.stderr
    return air.by_rest().by(KUBECONFIG=str(login))


def _deployed(air: Release, project: Path, *flags: str, fails: bool = False) -> dict[str, Any]:
    done = air.dagship(project, "deploy", *flags, "--json")
    assert done.returncode == int(fails), done.stderr
    document: dict[str, Any] = json.loads(done.stdout)["rollout"]
    return document


def _failed(document: dict[str, Any], file: str, variable: str) -> None:
    """It went back, for a new error, told with file, line and Airflow's own words."""
    assert (document["outcome"], document["failure"]["reason"]) == ("undone", "ImportError")
    said = document["failure"]["message"]
    assert said.startswith(f"Airflow cannot import {file}, line 3: airflow.sdk.exceptions.AirflowRuntimeError"), said
    assert variable in said
    assert "old.py" not in said
    # Of the 120 s that it may take where nothing is said.
    assert document["seconds"]["serving"] < 100


def _smoke(api: Api) -> dict[str, tuple[str, str]]:
    """State and DAG version of each smoke run, by its id."""
    runs = {one["dag_run_id"]: (one["state"], one["bundle_version"]) for one in api.runs("proof")}
    assert all(run_id.startswith("dagship_smoke__") for run_id in runs)
    return runs


@pytest.fixture(scope="module")
def pods(air: Release) -> dict[str, str]:
    """The pods as the install has made them."""
    return air.pods()


def test_what_is_announced_and_fails_there_is_gone_back_from(air: Release, project: Path, pods: dict[str, str]) -> None:
    (project / "dags/hello.py").write_text(dags.needs("region", dags.hello("thin")), encoding="utf-8")

    _failed(_deployed(air, project, fails=True), "hello.py", "region")

    with air.api() as api:
        assert api.tags("hello") == ["image"]
    assert air.pods() == pods


def test_a_smoke_run_that_fails_has_it_gone_back_from_and_without_undo_it_stays(
    air: Release, project: Path, pods: dict[str, str]
) -> None:
    with air.api() as api:
        api.sets("region", "there")
        document = _deployed(air, project, "--smoke=proof", fails=True)
        assert (document["outcome"], document["failure"]["reason"]) == ("undone", "SmokeFailed")
        ((run_id, how),) = _smoke(api).items()
        assert how == ("failed", document["dag_version"])
        assert document["failure"]["message"] == f"the smoke run of proof failed in prove: {run_id}"
        assert api.tags("hello") == ["image"]

        document = _deployed(air, project, "--smoke=proof", "--no-undo", fails=True)
        assert (document["outcome"], document["failure"]["reason"]) == ("left", "SmokeFailed")
        assert api.tags("hello") == ["thin"]
    assert air.pods() == pods


def test_by_rest_a_smoke_run_of_a_deployer_that_was_killed_is_taken_over_and_ended_when_its_time_is_over(
    air: Release, by_rest: Release, project: Path, pods: dict[str, str]
) -> None:
    with air.api() as api:
        before = _smoke(api)
        api.sets("proof", "wait")
        deployer = air.begun(project, "deploy", "--smoke=proof")
        until(lambda: any(state == "running" for state, _ in _smoke(api).values()), "the smoke run begins")
        deployer.kill()
        deployer.wait()
        (run_id,) = _smoke(api).keys() - before

        document = _deployed(by_rest, project, "--smoke=proof", "--rollout-timeout=20", fails=True)

        assert (document["outcome"], document["failure"]["reason"]) == ("undone", "SmokeFailed")
        assert f"the smoke run of proof did not end within 20 s: {run_id}" in document["failure"]["message"]
        assert f"a smoke run of proof from before has not ended: {run_id}" in document["warnings"]
        assert _smoke(api)[run_id] == ("failed", document["dag_version"])
        assert len(_smoke(api)) == len(before) + 1
        assert api.tags("hello") == ["image"]
    assert air.pods() == pods


def test_by_rest_what_is_announced_is_proven_by_a_run(
    air: Release, by_rest: Release, project: Path, pods: dict[str, str]
) -> None:
    with air.api() as api:
        api.sets("proof", "pass")
        document = _deployed(by_rest, project, "--smoke=proof")
        assert (document["outcome"], document["proven"]) == ("moved", ["proof"])
        assert document["served"] > 0
        assert api.tags("hello") == ["thin"]
    assert air.pods() == pods


def test_what_moves_every_pod_and_fails_there_is_gone_back_from(air: Release, project: Path) -> None:
    images = air.images()
    more = dags.hello("full").replace("hello", "more")
    (project / "dags/more.py").write_text(dags.needs("token", more), encoding="utf-8")

    _failed(_deployed(air, project, "--full", fails=True), "more.py", "token")

    assert air.images() == images
    with air.api() as api:
        until(lambda: api.tags("hello") == ["thin"], "what was announced is served again")
        api.sets("token", "there")


def test_by_rest_every_pod_moves_and_what_is_served_is_told_and_proven(
    air: Release, by_rest: Release, project: Path
) -> None:
    images = air.images()
    document = _deployed(by_rest, project, "--full", "--smoke=proof")
    with air.api() as api:  # in another pod by now
        assert api.tags("more") == ["full"]
    assert (document["outcome"], document["proven"]) == ("moved", ["proof"])
    assert document["served"] > document["seconds"]["serving"]
    assert air.images() != images


def test_status_tells_what_is_served_and_what_of_a_checkout_is_not_by_either_way_the_same(
    air: Release, by_rest: Release, project: Path
) -> None:
    done = {way: one.dagship(project, "status", "--against=.", "--json") for way, one in (("", air), ("rest", by_rest))}
    assert [one.returncode for one in done.values()] == [0, 0], [one.stderr for one in done.values()]
    by_exec, rest = (json.loads(one.stdout) for one in done.values())
    served = by_exec["served"]
    assert rest["served"] | {"since": ""} == served | {"since": ""}
    assert served["version"] == by_exec["releases"][0]["dag_version"]
    assert [(one["file"], one["line"]) for one in served["broken"]] == [("old.py", 3)]
    assert (served["dags"], served["against"]["same"]) == (3, True)
    assert (by_exec["releases"][0]["proven"], bool(by_exec["releases"][0]["served"])) == (["proof"], True)

    (project / "dags/words.py").write_text(dags.words("another"), encoding="utf-8")
    (project / "dags/more.py").unlink()
    other = air.dagship(project, "status", "--against=.", "--json")
    assert other.returncode == 1, other.stderr
    against = json.loads(other.stdout)["served"]["against"]
    assert (against["changed"], against["added"], against["removed"]) == (["words.py"], [], ["more.py"])


def test_what_was_rolled_out_stays_when_helm_changes_something_else(air: Release, project: Path) -> None:
    images = set(air.images().values())

    air.upgrade("triggerer.replicas=1")

    assert set(air.images().values()) == images
    # The upgrade left nothing that the next rollout would stop at.
    document = _deployed(air, project, "--full", "--dry-run")
    assert (document["outcome"], document["image"] in images) == ("planned", False)
