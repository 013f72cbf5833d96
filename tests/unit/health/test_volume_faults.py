"""Pods whose volumes are not there. The messages are those of Kubernetes 1.20 and 1.33."""

from typing import Any

import pytest

from dagship.health import volume_faults
from dagship.workloads import status as workload_status
from tests.builders import pods as o


def pod(*statuses: dict[str, Any], why: str = "") -> workload_status.PodState:
    condition = {"type": "PodScheduled", "status": "False" if why else "True", "message": why}
    spec = {"containers": [o.container("worker")], "initContainers": [o.container("wait")]}
    named = {status["name"]: status for status in statuses}
    status = {
        "phase": "Pending",
        "conditions": [condition],
        "containerStatuses": [named[name] for name in ("worker",) if name in named],
        "initContainerStatuses": [named[name] for name in ("wait",) if name in named],
    }
    return workload_status.pod({"metadata": {"name": "worker-0", "uid": "u"}, "spec": spec, "status": status})


def event(message: str, reason: str = "FailedMount", at: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    return {"reason": reason, "message": message, "lastTimestamp": at, "metadata": {}}


CREATING = o.waiting("worker", "PodInitializing"), o.waiting("wait", "PodInitializing")
MISSING = 'MountVolume.SetUp failed for volume "git-credentials" : secret "git" not found'


def test_only_a_pod_of_which_nothing_began_waits_for_volumes() -> None:
    assert volume_faults.waits_for_volumes(pod(*CREATING))
    assert volume_faults.waits_for_volumes(pod())
    assert not volume_faults.waits_for_volumes(pod(o.waiting("worker", "PodInitializing"), o.running("wait")))
    assert not volume_faults.waits_for_volumes(pod(o.waiting("worker", "ErrImagePull"), CREATING[1]))
    assert not volume_faults.waits_for_volumes(pod(why="0/1 nodes are available"))


@pytest.mark.parametrize(
    "message",
    [
        MISSING,
        'MountVolume.SetUp failed for volume "x" : configmap "mine" not found',
        'MountVolume.SetUp failed for volume "x" : references non-existent secret key: postgres-password',
    ],
)
def test_what_a_volume_is_made_of_and_is_not_there_is_told(message: str) -> None:
    later = event("Unable to attach or mount volumes: timed out", at="2026-01-01T00:05:00Z")
    found = volume_faults.without_volume(pod(*CREATING), [event(message), later, event("x", "Scheduled")])

    assert found is not None
    assert (found.pod, found.reason, found.message) == ("worker-0", "FailedMount", message)


def test_what_passes_is_not_told() -> None:
    passing = [
        'MountVolume.SetUp failed for volume "x" : failed to sync secret cache: timed out waiting for the condition',
        "Unable to attach or mount volumes: unmounted volumes=[data], timed out waiting for the condition",
    ]

    assert volume_faults.without_volume(pod(*CREATING), [event(one) for one in passing]) is None
    assert volume_faults.without_volume(pod(*CREATING), []) is None


def test_a_claim_that_is_not_there_is_told_and_one_that_is_not_bound_is_waited_for() -> None:
    missing = pod(why='0/1 nodes are available: 1 persistentvolumeclaim "dags" not found.')
    unbound = pod(why="0/1 nodes are available: 1 pod has unbound immediate PersistentVolumeClaims.")
    found = volume_faults.without_claim(missing)

    assert found is not None
    assert '"dags" not found' in found.message
    assert volume_faults.without_claim(unbound) is None
    assert volume_faults.without_claim(pod()) is None
