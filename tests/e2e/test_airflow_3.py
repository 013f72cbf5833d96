"""Airflow 3 with Celery, from install to uninstall: one release that goes through everything, in this order."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dagship.model.dag_versions import ROOT
from dagship.model.reference import Reference
from dagship.model.release_document import ReleaseDocument, UnfinishedRuns
from dagship.registry.repository import Repository
from tests.e2e import dags, tampering
from tests.e2e.api import until
from tests.e2e.conftest import REGISTRY, pushed, repository
from tests.e2e.releases import NAME, Release
from tests.e2e.volumes import volume as volume_for

_YESTERDAY = str(datetime.now(UTC).date() - timedelta(days=1))
VALUES = {
    # One that ends its tasks is there until another has started.
    "workers": {"replicas": 1, "terminationGracePeriodSeconds": 300},
    "postgres": {"persistence": True},
    "triggerer": {"replicas": 0},
}


@pytest.fixture(scope="module")
def project(based: Callable[[str], tuple[str, Path]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one DAG."""
    base, _ = based("3.3.2")
    where = tmp_path_factory.mktemp("project")
    files = {"hello": dags.hello("image"), "steps": dags.steps("go_on"), "daily": dags.daily(_YESTERDAY)}
    return repository(where, base, **files, words=dags.words("first"))


@pytest.fixture(scope="module")
def air(
    based: Callable[[str], tuple[str, Path]], released: Callable[..., Release], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Release]:
    """The release; the first test installs it."""
    _, values = based("3.3.2")
    release = released(values, major=3)
    data = tmp_path_factory.mktemp("postgres")
    data.chmod(0o777)
    volumes = [volume_for(release.kubectl, "postgres", f"data-{NAME}-postgres-0", data, "ReadWriteOnce")]
    for name in volumes:
        release.kubectl("get", "persistentvolume", name)
    yield release
    release.kubectl("delete", "persistentvolume", *volumes, "--wait=false")


def test_after_install_a_dag_runs_and_its_log_is_read_from_the_worker_by_its_name(air: Release, project: Path) -> None:
    image = pushed(project)

    done = air.install(project, values=VALUES)

    assert done.returncode == 0, done.stderr
    assert set(air.images().values()) == {image}
    with air.api() as api:
        run = api.ran("hello")
        log = api.log("hello", run, "say")
    assert "it says first" in log
    assert f".{NAME}-worker.{air.kubectl.namespace}.svc.cluster.local:8793/log/" in log


def test_every_component_is_well_says_helm_test(air: Release) -> None:
    done = air.helm("test", NAME, "--logs")

    assert done.returncode == 0, done.stdout + done.stderr


def _edit(project: Path, word: str) -> None:
    """The word, and the tag of the DAG that says it."""
    (project / "dags/hello.py").write_text(dags.hello(word), encoding="utf-8")
    (project / "dags/words.py").write_text(dags.words(word), encoding="utf-8")


def _word(project: Path) -> str:
    """The word of the project as it is."""
    return (project / "dags/words.py").read_text(encoding="utf-8").split("'")[1]


def _deployed(air: Release, project: Path, *flags: str) -> dict[str, Any]:
    """Deploys; returns the document."""
    return _done(air, project, "deploy", *flags)


def _done(air: Release, where: Path, task: str, *flags: str) -> dict[str, Any]:
    """Calls a task; returns its document."""
    done = air.dagship(where, task, *flags, "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_an_edit_is_served_without_a_new_pod_and_a_run_in_progress_ends_on_its_code(
    air: Release, project: Path
) -> None:
    before = air.pods()
    with air.api() as api:
        older = api.started("steps")
        first = f"/dags/steps/dagRuns/{older}/taskInstances/first"
        until(lambda: api("GET", first)["state"] == "running", "the first task is at work")
        _edit(project, "thin-1")

        done = _deployed(air, project)

        # At once: what deploy says is served is served.
        assert api.tags("hello") == ["thin-1"]
        assert air.pods() == before
        newer = api.ran("hello")
        assert "it says thin-1" in api.log("hello", newer, "say")
        assert api.run("hello", newer)["bundle_version"] == done["image"]["dag_version"]
        api("POST", "/variables", {"key": "go_on", "value": "yes"})
        assert api.ended("steps", older) == "success", api.logs("steps", older)
        assert "it says first" in api.log("steps", older, "second")


def test_what_an_edit_would_meet_is_told_by_exec_and_by_rest_alike(air: Release, project: Path) -> None:
    """But for the last run of a DAG, which the API does not tell: whether an earlier start makes runs is not known then."""
    with air.api() as api:
        api("PATCH", "/dags/daily", {"is_paused": False})
        api("DELETE", "/variables/go_on")
        run = api.started("steps")
        until(lambda: [one["state"] for one in api.runs("daily")] == ["success"] * 2, "a run was made of each day")
        until(lambda: api.run("steps", run)["state"] == "running", "a run is under way")
        edits = {"daily": dags.daily("2026-01-01", pool="nobody"), "steps": dags.steps("go_on_again")}
        with _edited(project, edits):
            for task in ("build", "test-image"):
                _done(air, project, task)
            found = [ReleaseDocument.model_validate(_done(way, project, "diff")) for way in (air, air.by_rest())]
        api("POST", "/variables", {"key": "go_on", "value": "yes"})

    for one in found:
        daily, steps = one.dags
        assert (daily.dag_id, steps.dag_id, daily.unfinished) == ("daily", "steps", None)
        assert steps.unfinished == UnfinishedRuns(running=1, queued=0, keep_code=True)
        (missing,) = one.missing or ()
        assert (missing.kind, missing.name, missing.dag_ids, missing.is_new) == ("pool", "nobody", ("daily",), True)
        assert one.way is not None
        assert (one.way.way, one.unknown) == ("thin", ())
    by_exec, by_rest = (one.dags[0].runs_at_once for one in found)
    assert by_exec is None
    assert by_rest is not None
    assert (by_rest.why, by_rest.if_never_run) == ("start", True)


@contextmanager
def _edited(project: Path, files: dict[str, str]) -> Iterator[None]:
    """Has other DAG files in a project for a while."""
    places = {project / f"dags/{name}.py": text for name, text in files.items()}
    former = {place: place.read_bytes() for place in places}
    for place, text in places.items():
        place.write_text(text, encoding="utf-8")
    yield
    for place, content in former.items():
        place.write_bytes(content)


def test_rollback_and_the_way_forward_again_replace_no_pod_either(air: Release, project: Path, tmp_path: Path) -> None:
    """The first edit is delivered job by job, and rolled out by one that has nothing but the image's name."""
    before = air.pods()
    with air.api() as api:
        _edit(project, "thin-2")
        made = {task: _done(air, project, task) for task in ("build", "test-image", "push")}
        image = str(Reference.parse(made["push"]["reference"]).pinned(made["push"]["digest"]))
        assert made["build"]["thin"]
        moved = _done(air, tmp_path, "rollout", f"--image={image}")
        assert (moved["outcome"], moved["image"], bool(moved["served"])) == ("moved", image, True)
        assert [move["role"] for move in moved["moves"]] == ["announcement"]
        assert api.tags("hello") == ["thin-2"]
        for task, word in (("rollback", "thin-1"), ("deploy", "thin-2")):
            done = air.dagship(project, task)

            assert done.returncode == 0, done.stderr
            assert api.tags("hello") == [word]
            assert f"it says {word}" in api.log("hello", api.ran("hello"), "say")
    assert air.pods() == before


def test_what_would_be_done_is_said_and_a_file_that_is_broken_ends_before_anything_leaves_this_machine(
    air: Release, project: Path
) -> None:
    def found() -> list[Any]:
        maps = {one["metadata"]["name"]: one.get("data") for one in air.kubectl.get("configmaps")["items"]}
        return [air.images(), maps, (project / ".dagship/push.json").read_bytes()]

    before = found()
    _edit(project, "never")
    alone, full = (_deployed(air, project, "--dry-run", *how) for how in ((), ("--full",)))
    (project / "dags/words.py").write_text("nothing = 1\n", encoding="utf-8")
    broken = air.dagship(project, "deploy", "--json")
    _edit(project, "thin-2")

    assert [True, None, "planned"] == [alone["passed"], alone["image"], alone["rollout"]["outcome"]]
    assert alone["way"].startswith("the new DAG version alone, since all else of ")
    assert ["announcement"] == [move["role"] for move in alone["rollout"]["moves"]]
    assert "the whole image, since --full asks for it" == full["way"]
    moved = {f"{one['kind']}/{one['name']}" for one in full["rollout"]["moves"]}
    assert moved == {name.rpartition("/")[0] for name in air.images()} | {f"ConfigMap/{NAME}-dags"}
    assert "The server was not asked what it says of the image" in full["rollout"]["state"]
    for one in (alone, full):  # neither left this machine
        image = Reference.parse(one["rollout"]["image"])
        assert image.tag
        assert "" == Repository(image).digest(image.tag)
    assert broken.returncode == 1
    assert "neither pushed nor rolled out" in json.loads(broken.stdout)["error"]["message"]
    assert "hello.py" in broken.stderr
    assert found() == before


def test_a_worker_that_is_ending_its_tasks_holds_no_edit_up_and_one_that_is_new_or_starts_anew_has_it(
    air: Release, project: Path
) -> None:
    """No pod can ask the registry, so what a task runs comes from its image and the announcement."""
    former = _word(project)
    with air.api() as api:
        api("DELETE", "/variables/go_on")
        run = api.started("steps")
        first = f"/dags/steps/dagRuns/{run}/taskInstances/first"
        until(lambda: api("GET", first)["state"] == "running", "the first task is at work")
        worker = api("GET", first)["hostname"].partition(".")[0]
        before = air.pods()
        air.kubectl("delete", "pods", f"--selector={_component('worker')}", "--wait=false")
        _edit(project, "thin-3")

        _deployed(air, project)

        assert api.tags("hello") == ["thin-3"]
        assert air.pods()[worker] == before[worker]  # it has a task to end
        air.kubectl("scale", f"statefulset/{NAME}-worker", "--replicas=2")
        new = f"{NAME}-worker-1"
        until(lambda: new in air.pods(), "there is a second worker")
        assert not _reaches(air, new, REGISTRY)
        newer = api.ran("hello")
        assert api("GET", f"/dags/hello/dagRuns/{newer}/taskInstances/say")["hostname"].partition(".")[0] == new
        assert "it says thin-3" in api.log("hello", newer, "say")
        assert air.pods()[worker] == before[worker]
        air.kubectl("scale", f"statefulset/{NAME}-worker", "--replicas=1")
        until(lambda: new not in air.pods(), "the second worker is gone")  # and takes no task with its log
        api("POST", "/variables", {"key": "go_on", "value": "yes"})
        assert api.ended("steps", run) == "success", api.logs("steps", run)
        assert f"it says {former}" in api.log("steps", run, "second")
        air.kubectl.wait_ready(f"statefulset/{NAME}-worker", seconds=300)
        assert "it says thin-3" in api.log("hello", api.ran("hello"), "say")


def _reaches(air: Release, pod: str, address: str) -> bool:
    """Whether a server can be reached from a pod, once that runs."""
    host, _, port = address.rpartition(":")
    asks = f"import socket; print(socket.socket().connect_ex(({host!r}, {port})))"
    air.kubectl("wait", f"pod/{pod}", "--for=condition=Ready", "--timeout=300s")
    return air.kubectl("exec", pod, "--", "python", "-c", asks).strip() == "0"


def test_where_no_engine_is_an_edit_is_tested_in_the_cluster_and_one_that_is_broken_leaves_nothing(
    air: Release, project: Path, tmp_path: Path
) -> None:
    """The base is in no registry by the name that the settings have: `.dagship/base.json` was handed over."""
    shutil.copy(air.values.parent / ".dagship/base.json", project / ".dagship/base.json")
    git = shutil.which("git")
    assert git
    (tmp_path / "git").symlink_to(git)
    engineless = air.by(PATH=str(tmp_path), DOCKER_HOST="tcp://127.0.0.1:1")
    before = air.pods()
    with air.api() as api:
        _edit(project, "thin-4")

        done = _deployed(engineless, project, "--test-in-cluster")

        assert (done["rollout"]["outcome"], bool(done["rollout"]["served"])) == ("moved", True)
        assert api.tags("hello") == ["thin-4"]
        report = json.loads((project / ".dagship/report.json").read_bytes())
        assert (report["passed"], len(report["unchecked"])) == (True, 4)
        assert set(done["image"]["dags"]) == {"daily", "hello", "steps"}
        run = api.ran("hello")
        assert "it says thin-4" in api.log("hello", run, "say")
        assert api.run("hello", run)["bundle_version"] == done["image"]["dag_version"]

        announced = air.kubectl.get(f"configmap/{NAME}-dags")
        (project / "dags/words.py").write_text("nothing = 1\n", encoding="utf-8")
        broken = engineless.dagship(project, "deploy", "--test-in-cluster", "--json")
        _edit(project, "thin-4")

        assert broken.returncode == 1, broken.stderr
        assert "neither pushed nor rolled out" in json.loads(broken.stdout)["error"]["message"]
        assert "hello.py" in broken.stderr
        refused = Reference.parse(json.loads((project / ".dagship/image.json").read_bytes())["reference"])
        assert Repository(refused).digest(refused.tag) == ""
        assert air.kubectl.get(f"configmap/{NAME}-dags") == announced
        assert api.tags("hello") == ["thin-4"]
    assert air.pods() == before


def test_a_worker_on_a_node_that_is_cut_off_waits_for_a_version_and_runs_no_other(air: Release, project: Path) -> None:
    with air.api() as api:
        with tampering.cut_off(air.kubectl, "worker"):
            _edit(project, "thin-5")
            _deployed(air, project)
            assert api.tags("hello") == ["thin-5"]
            run = api.started("hello")
            task = f"/dags/hello/dagRuns/{run}/taskInstances/say"
            until(lambda: api("GET", task)["state"] == "running", "the task is at work")
            until(lambda: "Waiting for the version" in api.log("hello", run, "say"), "the worker waits")
            assert api.run("hello", run)["state"] == "running"
        tampering.look(air.kubectl, "worker")

        assert api.ended("hello", run) == "success", api.logs("hello", run)
        assert "it says thin-5" in api.log("hello", run, "say")


def test_what_somebody_forges_is_not_served_and_what_they_delete_is_written_again(air: Release, project: Path) -> None:
    """A dag-processor that starts anew in between serves what its image has."""
    component = "dag-processor"
    before = {name: uid for name, uid in air.pods().items() if component not in name}
    forged = tampering.forge(air.kubectl, f"{NAME}-dags")
    tampering.look(air.kubectl, component)
    until(lambda: "does not give that version" in air.dagship(project, "status").stderr, "status says why not")
    with air.api() as api:
        assert "it says thin-5" in api.log("hello", api.ran("hello"), "say")

        air.kubectl("delete", f"configmap/{NAME}-dags")
        missed = air.dagship(project, "status")
        air.kubectl("delete", "pods", f"--selector={_component(component)}")
        air.kubectl.wait_ready(f"deployment/{NAME}-{component}", seconds=300)
        until(lambda: api.tags("hello") == ["image"], "Airflow serves what its image has")
        own = air.kubectl("exec", f"deployment/{NAME}-{component}", "--", "cat", f"{ROOT}/CURRENT").strip()
        assert api.run("hello", api.ran("hello"))["bundle_version"] == own

        _deployed(air, project)
        seen = air.dagship(project, "status")

        assert api.tags("hello") == ["thin-5"]
    assert (missed.returncode, seen.returncode) == (1, 0), seen.stderr
    assert f"{NAME}-dags" in missed.stderr
    assert forged not in seen.stderr
    assert {name: uid for name, uid in air.pods().items() if component not in name} == before


def _component(name: str) -> str:
    return f"app.kubernetes.io/component={name}"


def test_uninstall_leaves_the_claims_and_the_keys_that_open_them(air: Release, project: Path) -> None:
    done = air.dagship(project, "uninstall", f"--release={NAME}")

    assert done.returncode == 0, done.stderr
    kinds = "all,configmaps,secrets,serviceaccounts,roles,rolebindings,ingresses,poddisruptionbudgets,leases,persistentvolumeclaims"
    left = {
        f"{one['kind']}/{one['metadata']['name']}"
        for one in air.kubectl.get(kinds)["items"]
        # What every namespace has, and a claim of the cluster that has no owner.
        if one["metadata"]["name"] not in {"kube-root-ca.crt", "default"}
        and one.get("type") != "kubernetes.io/service-account-token"
    }
    assert left == {
        f"PersistentVolumeClaim/data-{NAME}-postgres-0", f"Secret/{NAME}-keys",
    }  # fmt: skip
