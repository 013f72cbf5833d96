"""Rollouts that fail: found in seconds, named, and undone. What fails is real: pods, pulls, probes, quotas."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagship.diagnosis.failure import Failure
from dagship.record.model import Record
from tests.builders.airflow import Object, container, deployment, pod, stateful_set
from tests.cluster import images
from tests.cluster.conftest import TESTBED
from tests.cluster.rig import Rig

# For what only shows in standing still. A pod starts in less than the longer one, on a busy machine as well.
SHORT, LONG = 8.0, 15.0
NO_DIGEST = f"{images.REPOSITORY}@sha256:{'0' * 64}"


def web(image: str, *, probe: bool = True, more: Object | None = None, **spec: Any) -> Object:
    """A Deployment of one pod."""
    return deployment(
        "web", pod(container("web", image, "api-server", probe=probe, **(more or {})), name="web", **spec)
    )


def worker(image: str, *, replicas: int = 1, **spec: Any) -> Object:
    template = pod(container("worker", image, "celery", "worker"), name="worker")
    return stateful_set("worker", template, replicas=replicas, **spec)


def fails(rig: Rig, image: str, **asked: Any) -> Failure:
    """Rolls out what must fail, sees that all is as it was before, and returns what was found."""
    before, ran = rig.written(), rig.pods()
    result = rig.rollout(image, **asked)

    assert (result.passed, result.outcome, result.release) == (False, "undone", None), rig.text
    assert result.state == "Everything runs again what it ran before; nothing of the new image is left."
    assert rig.written() == before
    assert rig.pods() == ran
    assert rig.record == Record()
    failure = result.failure
    assert failure is not None
    for said in (failure.workload, failure.pod, failure.container, failure.reason, *failure.events, *failure.log):
        assert said in rig.text
    return failure


def test_a_tag_that_the_registry_does_not_have_ends_the_rollout_of_a_stateful_set(rig: Rig) -> None:
    rig.start(worker(images.image("old")))
    failure = fails(rig, f"{images.REPOSITORY}:no-such-tag")

    assert (failure.workload, failure.pod, failure.container) == ("statefulset/worker", "worker-0", "worker")
    assert failure.reason in {"ErrImagePull", "ImagePullBackOff"}
    assert "not found" in failure.message
    assert any("Pulling image" in event for event in failure.events)


def test_a_digest_that_the_registry_does_not_have_ends_the_rollout_of_a_deployment(rig: Rig) -> None:
    rig.start(web(images.image("old")))
    failure = fails(rig, NO_DIGEST)

    assert (failure.workload, failure.container) == ("deployment/web", "web")
    assert failure.reason in {"ErrImagePull", "ImagePullBackOff"}
    assert "not found" in failure.message


@pytest.fixture
def private_registry(tmp_path: Path) -> Iterator[str]:
    """A registry that lets nobody in without a password, and knows none."""
    if shutil.which("docker-registry") is None or not TESTBED.exists():
        pytest.skip("needs docker-registry on the machine that the nodes are on")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    (tmp_path / "passwords").write_text("# nobody\n", "utf-8")
    (tmp_path / "registry.yml").write_text(
        f"""
        version: 0.1
        log: {{level: error}}
        storage: {{filesystem: {{rootdirectory: "{tmp_path}/registry"}}}}
        auth: {{htpasswd: {{realm: tests, path: "{tmp_path}/passwords"}}}}
        http: {{addr: "{address}"}}
        """,
        "utf-8",
    )
    with subprocess.Popen(["docker-registry", "serve", str(tmp_path / "registry.yml")]) as process:
        try:
            yield address
        finally:
            process.terminate()


def test_a_registry_that_wants_a_password_ends_a_rollout(rig: Rig, private_registry: str) -> None:
    rig.start(web(images.image("old")))
    failure = fails(rig, f"{private_registry}/{NO_DIGEST.partition('/')[2]}", names=("deployment/web",))

    assert failure.reason in {"ErrImagePull", "ImagePullBackOff"}
    assert "auth" in failure.message
    assert "imagePullSecret" in failure.hint


@pytest.mark.sampled
@pytest.mark.parametrize("honest", [True, False], ids=["honest", "lying"])
def test_an_image_for_other_machines_ends_a_rollout(rig: Rig, honest: bool) -> None:
    rig.start(web(images.image("old")))
    failure = fails(rig, images.foreign(honest=honest))

    assert ("no match for platform" in failure.message) if honest else ("exec format error" in failure.log[-1])


@pytest.mark.sampled
@pytest.mark.parametrize(
    "spec",
    [{}, {"podManagementPolicy": "Parallel"}, {"updateStrategy": {"type": "OnDelete"}}],
    ids=["OrderedReady", "Parallel", "OnDelete"],
)
def test_a_worker_that_crashes_at_once_goes_back_and_the_others_never_moved(rig: Rig, spec: Object) -> None:
    rig.start(worker(images.image("old"), replicas=2, **spec))
    first = rig.kubectl.get("pod/worker-0")["metadata"]["uid"]
    failure = fails(rig, images.image("new", "crashes"))

    assert (failure.workload, failure.pod, failure.container) == ("statefulset/worker", "worker-1", "worker")
    assert failure.reason == "CrashLoopBackOff"
    assert failure.log[-1] == "ModuleNotFoundError: No module named 'acme_policies'"
    assert "Started: Started container worker" in failure.events
    assert "acme_policies" in failure.meaning
    assert "to the requirements, lock and build again" in failure.hint
    assert rig.kubectl.get("pod/worker-0")["metadata"]["uid"] == first


def test_what_is_ready_at_first_and_crashes_later_is_no_success(rig: Rig) -> None:
    rig.start(web(images.image("old"), probe=False))
    result = rig.rollout(images.image("new", "crashes-late"), undo=False)

    assert (result.passed, result.outcome, result.release) == (False, "left", None), rig.text
    failure = result.failure
    assert failure is not None
    assert failure.reason == "CrashLoopBackOff"
    assert failure.log[-1] == "ModuleNotFoundError: No module named 'acme_policies'"


def test_what_never_gets_ready_ends_a_rollout_after_the_time_it_has(rig: Rig) -> None:
    rig.start(web(images.image("old")))
    failure = fails(rig, images.image("new", "never-ready"), timeout=LONG)

    assert failure.reason == "TimedOut"
    assert failure.pod.startswith("web-")
    assert re.fullmatch(rf"nothing moved for 1\d s while waiting for {failure.pod} to be ready", failure.message)
    assert any("Readiness probe failed" in event for event in failure.events)
    assert failure.log == ("waiting for the database",)


@pytest.mark.wide
def test_what_takes_more_memory_than_it_may_ends_a_rollout(rig: Rig) -> None:
    rig.start(web(images.image("old"), more={"resources": {"limits": {"memory": "20Mi"}}}))
    failure = fails(rig, images.image("new", "out-of-memory"))

    assert failure.reason == "CrashLoopBackOff"
    # The runtime does not always hear of it in time.
    known = "(OOMKilled)" in failure.message
    assert (
        "used more memory than its limit" if known else "killed, as happens where memory runs out"
    ) in failure.meaning


def waiting(image: str) -> Object:
    """A Deployment whose pods wait for the migrations, as those of the official chart do."""
    init = {
        "name": "wait-for-airflow-migrations",
        "image": image,
        "command": ["airflow", "db", "check-migrations"],
        "volumeMounts": [{"name": "state", "mountPath": "/state"}],
    }
    return web(image, initContainers=[init], volumes=[{"name": "state", "emptyDir": {}}])


def test_waiting_for_migrations_that_come_late_is_no_failure(rig: Rig) -> None:
    rig.start(waiting(images.image("old")))
    result = rig.rollout(images.image("new", "migrated-late"))

    assert (result.passed, result.outcome) == (True, "moved"), rig.text
    [web] = rig.kubectl.get("pods")["items"]
    assert web["status"]["initContainerStatuses"][0]["restartCount"] == 2


@pytest.mark.wide
def test_waiting_for_migrations_that_never_come_ends_a_rollout(rig: Rig) -> None:
    rig.start(waiting(images.image("old")))
    failure = fails(rig, images.image("new", "never-migrated"))

    assert failure.container == "wait-for-airflow-migrations"
    assert failure.reason == "CrashLoopBackOff"
    assert "migration" in failure.meaning


def test_a_key_that_a_secret_has_no_more_ends_a_rollout(rig: Rig) -> None:
    rig.kubectl("create", "secret", "generic", "airflow", "--from-literal=connection=postgresql://airflow:p4ss@db")
    variable = {"name": "DATABASE", "valueFrom": {"secretKeyRef": {"name": "airflow", "key": "connection"}}}
    rig.start(web(images.image("old"), more={"env": [variable]}))
    rig.kubectl("patch", "secret", "airflow", "--patch", '{"data": null}')
    failure = fails(rig, images.image("new"))

    assert failure.reason == "CreateContainerConfigError"
    assert "couldn't find key connection in Secret" in failure.message
    assert "connection" in failure.meaning
    assert "p4ss" not in rig.text


@pytest.mark.wide
def test_a_volume_that_cannot_be_mounted_is_named_when_the_time_is_over(rig: Rig) -> None:
    rig.kubectl("create", "configmap", "settings", "--from-literal=airflow.cfg=")
    mounted = {"volumeMounts": [{"name": "settings", "mountPath": "/settings"}]}
    rig.start(web(images.image("old"), more=mounted, volumes=[{"name": "settings", "configMap": {"name": "settings"}}]))
    rig.kubectl("delete", "configmap", "settings")
    failure = fails(rig, images.image("new"), timeout=SHORT)

    assert failure.reason == "TimedOut"
    assert failure.message.endswith("to be started")
    assert any(event.startswith("FailedMount:") and '"settings" not found' in event for event in failure.events)


@pytest.mark.wide
def test_a_quota_that_has_no_room_for_another_pod_ends_the_rollout_of_a_deployment(rig: Rig) -> None:
    rig.start(web(images.image("old")))
    rig.kubectl("create", "quota", "small", "--hard=pods=1")
    failure = fails(rig, images.image("new"))

    assert (failure.workload, failure.reason) == ("deployment/web", "FailedCreate")
    assert "exceeded quota: small" in failure.message


def test_a_pod_that_no_node_has_room_for_is_told_at_once_and_ends_a_rollout_when_the_time_is_over(rig: Rig) -> None:
    free = rig.kubectl.get("nodes")["items"][0]["status"]["allocatable"]["memory"]
    assert free.endswith("Ki")
    most = {"resources": {"requests": {"memory": f"{int(free[:-2]) * 6 // 10}Ki"}}}
    rig.start(web(images.image("old"), more=most))
    failure = fails(rig, images.image("new"), timeout=SHORT)

    assert failure.reason == "TimedOut"
    assert f"waiting for a node for {failure.pod}" in failure.message
    assert any("Insufficient memory" in event for event in failure.events)
    assert f"warning: deployment/web: {failure.pod} has no node: " in rig.text.partition("✗")[0]
