"""Pods that cannot start because a volume of theirs is not there. Pure.

The kubelet says so in events alone, and tries again for ever; the other failures of a pod are in `faults`.
"""

import re
from collections.abc import Iterable

from dagship.health import faults
from dagship.workloads.objects import Raw
from dagship.workloads.status import PodState

_CREATING = frozenset({"", "ContainerCreating", "PodInitializing"})
_NO_VOLUME = re.compile(
    r"(secret|configmap) \"[^\"]+\" not found|references non-existent (?:secret|config) key", re.IGNORECASE
)
_NO_CLAIM = re.compile(r"persistentvolumeclaim \"[^\"]+\" not found")


def waits_for_volumes(pod: PodState) -> bool:
    """Whether a pod has a node, and nothing of it has ever started."""
    return (
        pod.deleting is None
        and pod.scheduled
        and all(
            one.waiting in _CREATING and one.running_since is None and one.exit_code is None and not one.restarts
            for one in pod.containers
        )
    )


def without_claim(pod: PodState) -> faults.Fault | None:
    """Returns that a pod names a claim that is not there, or None."""
    if pod.deleting is not None or pod.scheduled or not _NO_CLAIM.search(pod.unscheduled_why):
        return None
    return faults.Fault(pod=pod.name, container="", reason="FailedScheduling", message=pod.unscheduled_why)


def without_volume(pod: PodState, events: Iterable[Raw]) -> faults.Fault | None:
    """Returns that what a volume is made of is not there, or None where the newest event says something else."""
    mounts = [event for event in events if event.get("reason") == "FailedMount"]
    said = [event for event in mounts if _NO_VOLUME.search(str(event.get("message", "")))]
    newest = max(said, key=faults.happened, default=None)
    if newest is None:
        return None
    return faults.Fault(pod=pod.name, container="", reason="FailedMount", message=str(newest["message"]))
