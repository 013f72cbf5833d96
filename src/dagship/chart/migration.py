"""The state of the migration Job, from one snapshot of it and its pods. Pure.

Its container waits for the database itself, and says who it waited for when it gives up. So its first failure is the
answer, unless the database is the release's own and came up later than that: then the Job tries again, and so it may.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dagship.health.faults import Fault
from dagship.workloads import objects
from dagship.workloads import status as workload_status
from dagship.workloads.objects import Raw

# An end that its log does not explain may be chance once.
_UNEXPLAINED = 2


class Attempt(NamedTuple):
    """A run of a Job's container that failed.

    Attributes:
        pod: The pod.
        container: Name of the container.
        number: Which one it was of this container, 1 for the first.
        began: When, epoch seconds.

    """

    pod: str
    container: str
    number: int
    began: float


def is_done(job: Raw) -> bool:
    """Whether a Job has succeeded."""
    return objects.conditions(job.get("status") or {}).get("Complete", ("",))[0] == "True"


def given_up(job: Raw) -> Fault | None:
    """Returns why a Job will not be tried again, or None while it may."""
    status, reason, message = objects.conditions(job.get("status") or {}).get("Failed", ("", "", ""))
    if status != "True":
        return None
    return Fault(pod="", container="", reason=reason or "Failed", message=message)


def pods_of(job: Raw, pods: Iterable[Raw]) -> tuple[Raw, ...]:
    """Returns the pods of a Job, the newest last."""
    uid = job["metadata"].get("uid")
    own = [pod for pod in pods if objects.controller(pod).get("uid") == uid]
    return tuple(sorted(own, key=lambda pod: str(pod["metadata"].get("creationTimestamp", ""))))


def attempts(pods: Iterable[Raw]) -> tuple[Attempt, ...]:
    """Returns the last failed run of each container, the newest last."""
    found = [attempt for pod in pods for attempt in _of_pod(pod)]
    return tuple(sorted(found, key=lambda attempt: attempt.began))


def _of_pod(pod: Raw) -> Iterator[Attempt]:
    status = pod.get("status") or {}
    for one in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        restarts = int(one.get("restartCount", 0))
        state = one.get("state") or {}
        ended = state.get("terminated") or (one.get("lastState") or {}).get("terminated")
        if ended and ended.get("exitCode", 0) != 0:
            yield Attempt(
                pod=pod["metadata"]["name"],
                container=one["name"],
                number=restarts if state.get("running") else restarts + 1,
                began=objects.seconds(ended.get("startedAt")) or 0.0,
            )


def may_count(attempt: Attempt, since: float | None) -> bool:
    """Whether a failed run says something: it began when all that it needs of the release was there.

    Args:
        attempt: It.
        since: Since when that is so, epoch seconds; None while it is not.

    """
    return since is not None and attempt.began >= since


def is_repeated(pods: Iterable[Raw]) -> bool:
    """Whether a Job has failed more than once; with restartPolicy Never each run has a pod of its own."""
    return sum(attempt.number for attempt in attempts(pods)) >= _UNEXPLAINED


def ready_since(pods: Iterable[Raw]) -> float | None:
    """Returns since when all of some pods are ready, epoch seconds; None while one is not, or where there is none."""
    moments = []
    for pod in pods:
        for condition in (pod.get("status") or {}).get("conditions") or ():
            if condition.get("type") == "Ready" and condition.get("status") == "True":
                moments.append(objects.seconds(condition.get("lastTransitionTime")) or 0.0)
                break
        else:
            return None
    return max(moments, default=None)


def needs_new_start(job: Raw, pods: Iterable[Raw]) -> bool:
    """Whether a Job that is there from before has given up, or is in a pause that may be minutes long."""
    if is_done(job):
        return False
    own = [workload_status.pod(pod) for pod in pods_of(job, pods)]
    return not any(one.running_since is not None for pod in own for one in pod.containers)


def waiting(pods: Iterable[Raw]) -> str:
    """Returns what is waited for, to be read after "waiting for"."""
    newest = [workload_status.pod(pod) for pod in pods][-1:]
    for pod in newest:
        if not pod.scheduled:
            return f"a node for {pod.name}" + (f": {pod.unscheduled_why}" if pod.unscheduled_why else "")
        for container in pod.containers:
            if container.running_since is not None:
                return f"{pod.name} to make the tables"
            if container.waiting not in {"", "PodInitializing", "ContainerCreating"}:
                return f"{pod.name} to be started, {container.name}: {container.waiting}"
        return f"{pod.name} to be started"
    return "a pod to be made"
