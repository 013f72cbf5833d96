"""DAGs that pass test-image and fail in the cluster, on a real Airflow 3: a Variable that only the env file has.

One release that goes through everything, in this order; a file in it is broken from the beginning, and fails nothing.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import dags
from tests.e2e.api import until
from tests.e2e.conftest import pushed, repository
from tests.e2e.releases import Release

VALUES = {"workers": {"replicas": 1}, "triggerer": {"replicas": 0}}


@pytest.fixture(scope="module")
def project(based: Callable[[str], tuple[str, Path]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose env file has Variables that no database has."""
    base, _ = based("3.3.2")
    where = tmp_path_factory.mktemp("project")
    repository(where, base, hello=dags.hello("image"), words=dags.words("x"), old=dags.needs("never", dags.waits("x")))
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
        until(lambda: api.tags("hello") == ["image"], "the image's DAG is served")
        until(lambda: api("GET", "/importErrors")["total_entries"] == 1, "the old file is read")
    return release


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


def test_what_is_announced_and_fails_there_is_gone_back_from(air: Release, project: Path) -> None:
    pods = air.pods()
    (project / "dags/hello.py").write_text(dags.needs("region", dags.hello("thin")), encoding="utf-8")

    _failed(_deployed(air, project, fails=True), "hello.py", "region")

    with air.api() as api:
        assert api.tags("hello") == ["image"]
        api("POST", "/variables", {"key": "region", "value": "there"})
        document = _deployed(air, project)
        assert api.tags("hello") == ["thin"]
    assert document["outcome"] == "moved"
    assert document["served"] > 0
    assert air.pods() == pods


def test_what_moves_every_pod_and_fails_there_is_gone_back_from(air: Release, project: Path) -> None:
    images = air.images()
    more = dags.hello("full").replace("hello", "more")
    (project / "dags/more.py").write_text(dags.needs("token", more), encoding="utf-8")

    _failed(_deployed(air, project, "--full", fails=True), "more.py", "token")

    assert air.images() == images
    with air.api() as api:
        until(lambda: api.tags("hello") == ["thin"], "what was announced is served again")
        api("POST", "/variables", {"key": "token", "value": "there"})
    document = _deployed(air, project, "--full")
    with air.api() as api:  # in another pod by now
        assert api.tags("more") == ["full"]
    assert document["outcome"] == "moved"
    assert document["served"] > document["seconds"]["serving"]
    assert air.images() != images
