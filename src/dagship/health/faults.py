"""Pod failures that no waiting repairs, and their reason. Pure.

Most of what a pod waits for passes: a registry answers late, a ConfigMap is not in the kubelet's cache yet, a node is
being added. Only what no time can mend is a fault, and what usually passes is one only when it lasts.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dagship.workloads.objects import Raw
from dagship.workloads.status import ContainerState, PodState, WorkloadState

# Since when a container has waited for a reason, or a workload has had a condition, epoch seconds.
Since = Mapping[tuple[str, str], float]

# initContainers wait for a database or a migration and are started again when it is late.
_INIT_RESTARTS = 3

_PULL = "ImagePullBackOff"
# The kubelet says one thing when a pull fails and the other in the pause after it.
_SAME = dict.fromkeys(("ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable"), _PULL)
_AT_ONCE = frozenset({"InvalidImageName", "ErrImageNeverPull", "SignatureValidationFailed"})
_LASTING = {_PULL: 60.0, "CreateContainerError": 10.0, "RunContainerError": 10.0}
# How long what a busy node says may last: containerd holds a container's name after a call that took too long.
_PASSING_LASTING = 300.0
_WORKLOAD_LASTING = 10.0

# The registry answered, and the answer is no.
_NO_IMAGE = re.compile(
    r"not found|manifest unknown|name unknown|does not exist|unauthorized|denied|forbidden|authorization failed"
    r"|insufficient_scope|no basic auth credentials|invalid|no match for platform|no matching manifest",
    re.IGNORECASE,
)
# The registry, or what stands before it, has trouble of its own; its page may have any of the words above.
REGISTRY_FAILS = re.compile(
    r"status(?: code)?(?: from \w+ request to \S+)?:? (?:429|5\d\d)\b|toomanyrequests|Too Many Requests"
    r"|Internal Server Error|Bad Gateway|Service (?:Temporarily )?Unavailable|Gateway Time-?out|invalid character '<'",
    re.IGNORECASE,
)
# The node or the API server is slow, and what it was to do is done later.
_PASSES = re.compile(
    r"deadline ?exceeded|timed? ?out|failed to reserve container name|context canceled|code = Unavailable"
    r"|failed to sync|connection (?:refused|reset)|too many requests|etcdserver|leader changed",
    re.IGNORECASE,
)
# The node or the scheduler ended it or had no room, not the image; the controller makes another.
_ENDED_FROM_OUTSIDE = re.compile(
    r"Evicted|Preempt\w*|(?:Node)?Shutdown|Terminated|NodeLost|NodeAffinity|NodePorts|TaintToleration|OutOf.+"
    r"|TopologyAffinityError|SMTAlignmentError|UnexpectedAdmissionError|InvalidNodeInfo|UnknownReason"
)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A failure that does not pass by itself.

    Attributes:
        pod: The pod, empty when it is the workload's own.
        container: The container, empty when it is the pod's own.
        reason: Kubernetes' word: `CrashLoopBackOff`, `ErrImagePull`, `ProgressDeadlineExceeded`…
        message: What Kubernetes says of it.

    """

    pod: str
    container: str
    reason: str
    message: str


def of_workload(reason: str, message: str) -> Fault:
    """Returns what is wrong with a workload itself, and not with a pod of it."""
    return Fault(pod="", container="", reason=reason, message=message)


def seen_since(
    pods: Iterable[PodState], before: Since, now: float, workloads: Iterable[WorkloadState] = ()
) -> dict[tuple[str, str], float]:
    """Returns since when each thing that is now so has been seen, forgetting what is over.

    Args:
        pods: The pods as they are.
        before: What this returned last time; at first empty.
        now: Epoch seconds.
        workloads: The workloads as they are.

    """
    present = [
        *(_key(pod, container) for pod in pods for container in pod.containers if container.waiting),
        *((state.uid, kind) for state in workloads for kind in _bad_conditions(state)),
    ]
    return {key: before.get(key, now) for key in present}


def pod_fault(pod: PodState, *, since: Since, now: float) -> Fault | None:
    """Returns what a pod cannot recover from, or None.

    Args:
        pod: A pod. One of an old revision may have a fault that is nobody's concern: callers choose.
        since: Since when things have been so, by `seen_since`.
        now: Epoch seconds.

    """
    if pod.deleting is not None:
        return None
    for container in pod.containers:
        if _is_beyond_repair(container, now - since.get(_key(pod, container), now)):
            return Fault(pod=pod.name, container=container.name, reason=container.waiting, message=_said(container))
    if pod.phase == "Failed" and not pod.disrupted and not _ENDED_FROM_OUTSIDE.fullmatch(pod.reason):
        return Fault(pod=pod.name, container="", reason=pod.reason or "Failed", message=pod.message)
    return None


def workload_fault(state: WorkloadState, since: Since, now: float) -> Fault | None:
    """Returns what a workload as a whole cannot recover from, or None: it made no progress, or may make no pods.

    Either must last: just after a change the condition may still be that of the revision before.
    """
    if state.observed < state.generation:
        return None
    for kind in _bad_conditions(state):
        if now - since.get((state.uid, kind), now) >= _WORKLOAD_LASTING:
            _, reason, message = state.conditions[kind]
            return of_workload(reason, message)
    return None


def creation_fault(events: Iterable[Raw]) -> Fault | None:
    """Returns why a controller cannot make pods, by its events: the newest that tells of making one is of a failure.

    A quota, a service account that is missing, an admission controller that says no.
    """
    made = [event for event in events if event.get("reason") in {"FailedCreate", "SuccessfulCreate"}]
    newest = max(made, key=happened, default=None)
    if newest is None or newest["reason"] != "FailedCreate":
        return None
    return of_workload("FailedCreate", str(newest.get("message", "")))


def happened(event: Raw) -> str:
    """Returns when an event happened last, as text that sorts."""
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")


def _is_beyond_repair(container: ContainerState, lasted: float) -> bool:
    reason = _SAME.get(container.waiting, container.waiting)
    if reason == "CrashLoopBackOff":
        return not container.init or container.restarts >= _INIT_RESTARTS
    # The message names the image, whose name may have any of the words.
    said = container.message.replace(container.image, "") if container.image else container.message
    if reason == "CreateContainerConfigError":
        return _PASSES.search(said) is None
    if reason in {"CreateContainerError", "RunContainerError"} and _PASSES.search(said):
        return lasted >= _PASSING_LASTING
    if reason == _PULL and _NO_IMAGE.search(said) and not REGISTRY_FAILS.search(said):
        return True
    return reason in _AT_ONCE or lasted >= _LASTING.get(reason, float("inf"))


def _bad_conditions(state: WorkloadState) -> list[str]:
    """The types of the conditions that speak of no progress, and of pods that may not be made."""
    progressing = state.conditions.get("Progressing", ("", "", ""))
    failure = state.conditions.get("ReplicaFailure", ("", "", ""))
    return [
        *(["Progressing"] if progressing[:2] == ("False", "ProgressDeadlineExceeded") else []),
        *(["ReplicaFailure"] if failure[0] == "True" else []),
    ]


def _key(pod: PodState, container: ContainerState) -> tuple[str, str]:
    return f"{pod.uid}/{container.name}", _SAME.get(container.waiting, container.waiting)


def _said(container: ContainerState) -> str:
    if container.waiting != "CrashLoopBackOff" or container.exit_code is None:
        return container.message
    ended = f"it ended {container.restarts + 1} times, last with exit status {container.exit_code}"
    why = f" ({container.reason})" if container.reason not in {"", "Error"} else ""
    return f"{ended}{why}: {container.message}" if container.message else ended + why
