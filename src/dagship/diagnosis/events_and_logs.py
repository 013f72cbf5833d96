"""Finds out why a workload broke: its pod's events and last log lines, put into words. Asks, and never fails itself."""

from typing import TYPE_CHECKING

from dagship import redaction
from dagship.diagnosis import explain
from dagship.diagnosis.failure import Failure
from dagship.errors import OutsideError
from dagship.health import faults

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster
    from dagship.health.watcher import WorkloadFailed

_EVENTS = 8
_LINES = 20
# A log in JSON can have a whole page in one line.
_WIDTH = 1000


def failure(cluster: "Cluster", failed: "WorkloadFailed") -> Failure:
    """Returns what went wrong, as far as the cluster tells."""
    fault, pod = failed.fault, failed.pod
    container = None
    if pod is not None and pod.scheduled:
        # A pod that never became ready names no container: the first one that is not says most.
        name = fault.container or next((one.name for one in pod.containers if not one.ready), "")
        container = next((one for one in pod.containers if one.name == name), None)
    # A StatefulSet's pod before this one had the same name.
    subject = f"involvedObject.uid={pod.uid}" if pod else f"involvedObject.name={failed.workload.partition('/')[2]}"
    try:
        events = _events(cluster, subject)
        log = _log(cluster, pod.name, container.name) if pod and container else ""
    except OutsideError as silent:
        events, log = (f"could not be asked: {silent.message}",), ""
    means, hint = explain.meaning(fault, container, log, events)
    return Failure(
        workload=failed.workload,
        pod=pod.name if pod else "",
        container=container.name if container else "",
        reason=fault.reason,
        message=_cut(fault.message),
        meaning=means,
        hint=hint,
        events=events,
        log=tuple(_cut(line) for line in log.rstrip().splitlines()[-_LINES:]),
    )


def _events(cluster: "Cluster", subject: str) -> tuple[str, ...]:
    found = cluster.list("Event", fields=subject)
    found.sort(key=faults.happened)
    return tuple(
        _cut(f"{event.get('reason', '')}: {' '.join(event.get('message', '').split())}") for event in found[-_EVENTS:]
    )


def _cut(line: str) -> str:
    line = redaction.addresses(line)
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"


def _log(cluster: "Cluster", pod: str, container: str) -> str:
    """The log of the run that failed: of a container that was started again, the one before."""
    return cluster.logs(pod, container, previous=True) or cluster.logs(pod, container)
