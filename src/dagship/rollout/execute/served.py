"""Waits until the dag-processor serves what was announced, and has the kubelets bring it at once.

A mounted ConfigMap is looked at anew when its pod changes, within 0.2 s; without that it takes up to 90 s. So each pod
that has it mounted gets an annotation, those that run tasks first: no pod starts anew for one.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from typing import TYPE_CHECKING

from dagship.cluster.failures import NotFound
from dagship.errors import OutsideError, Transient
from dagship.health import faults
from dagship.health.watcher import WorkloadFailed
from dagship.rollout.execute.announce import Written
from dagship.rollout.thin import answer, mount, patience
from dagship.rollout.thin.answer import Answer
from dagship.terminal.board import DONE
from dagship.workloads import spec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dagship.cluster.api import Cluster
    from dagship.cluster.calls import Object
    from dagship.rollout.execute.operation import Moving
    from dagship.terminal.board import Board

ANNOTATION = "dagship.io/announced"

_SECONDS = 30.0
# What a kubelet takes by itself, at most.
_BY_ITSELF = 90.0
# An annotation may come to a kubelet before the news of the ConfigMap does.
_AGAIN = 1.0
_AT_A_TIME = 8
# The exit status of what a signal ended is greater: its container ended.
_KILLED = 128
# A container that is not there is told as a failure of the server.
_PATIENCE = 3.0
# Beyond what the program in the pod is given, for its start and its end.
_BESIDES = 15.0
_PROGRAM = "dagship_versions.thin.wait"
_ROW = "dag-processor"


def until_served(moving: "Moving", board: "Board", name: str, written: Written) -> None:
    """Returns once every dag-processor serves a version.

    Args:
        moving: The operation.
        board: Shows what is waited for.
        name: The ConfigMap.
        written: What was written there.

    Raises:
        WorkloadFailed: It is not served in time, or a changed file cannot be imported there.
        OutsideError: The API server was away for too long, or the lock was lost.

    """
    if not written.version:
        return
    began = time.monotonic()
    why_slow = _annotate(moving, name, f"{written.serial}")
    longer, why_longer = _longer(moving, name)
    limit = _SECONDS + (_BY_ITSELF if why_slow else 0.0) + longer
    moving.operation.notes.warn(filter(None, (why_slow, why_longer)))
    board.row(_ROW, 0, 1, f"DAG version {written.version} to be served")
    said: Answer | None = None
    count = 0
    with ThreadPoolExecutor(1) as pool:
        while (left := began + limit - time.monotonic()) > 0:
            pods = tuple(moving.feed.objects("Pod").values())
            asked = pool.submit(ask, moving.operation.cluster, pods, name, written, left)
            try:
                said = asked.result(_AGAIN)
            except TooLate:
                if not why_slow:
                    _annotate(moving, name, f"{written.serial}.again")
                said = asked.result()
            moving.ledger.check()
            if said is not None:
                break
            # None is there that could be asked, or it ended meanwhile: another comes.
            count = moving.feed.changed(count, 1.0)
    reason, message = answer.trouble(said or _NOBODY, written.version, time.monotonic() - began)
    if reason:
        board.failed = True
        board.row(_ROW, 0, 1, message)
        raise WorkloadFailed(_workload(moving, name), faults.of_workload(reason, message))
    board.row(_ROW, 1, 1, DONE)


_NOBODY = Answer(served=False, why_not="no pod of a dag-processor is there to be asked")


def ask(cluster: "Cluster", pods: "Iterable[Object]", name: str, written: Written, seconds: float) -> Answer | None:
    """Asks every dag-processor whether it serves a version; returns the worst of their answers.

    Args:
        cluster: The namespace.
        pods: Its pods.
        name: The ConfigMap.
        written: What was written there last.
        seconds: For which they are to wait until they do.

    Returns:
        None where there is none, or one of them could not be asked.

    """
    pods = [pod for pod in mounting(pods, name) if _is_processor(pod)]
    if not pods:
        return None
    words = ["python", "-m", _PROGRAM, written.version, str(written.serial), f"{seconds:.1f}"]

    patient = cluster.patient(_PATIENCE)

    def asked(pod: "Object") -> Answer | None:
        try:
            code, said = patient.exec(pod["metadata"]["name"], spec.main_of_pod(pod), words, timeout=seconds + _BESIDES)
        except OutsideError:  # it ended just now, or its container has not started
            return None
        found = answer.read(said)
        if found is None and code <= _KILLED:
            return Answer(served=False, why_not=f"what asks there ended with {code} and no answer")
        return found

    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        answers = list(pool.map(asked, pods))
    if any(one is None for one in answers):
        return None
    return min((one for one in answers if one), key=lambda one: (one.served, not one.import_errors))


def _annotate(moving: "Moving", name: str, value: str) -> str:
    """Annotates every pod that has it mounted, dag-processors last; returns why it takes longer, if it does."""
    cluster = moving.operation.cluster
    body = {"metadata": {"annotations": {ANNOTATION: value}}}

    def annotate(pod: "Object") -> str:
        try:
            cluster.patch("Pod", pod["metadata"]["name"], body)
        except NotFound:
            pass
        except Transient:
            raise
        except OutsideError as refused:
            return refused.message
        return ""

    pods = mounting(moving.feed.objects("Pod").values(), name)
    others = [pod for pod in pods if not _is_processor(pod)]
    processors = [pod for pod in pods if _is_processor(pod)]
    refused = ""
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        for group in (others, processors):
            if not refused:
                refused = next(filter(None, pool.map(annotate, group)), "")
    if not refused:
        return ""
    return f"pods learn of it in their own time, up to {_BY_ITSELF:.0f} s, since they cannot be annotated: {refused}"


def mounting(pods: "Iterable[Object]", name: str) -> "list[Object]":
    """Returns the pods that run and have the ConfigMap mounted."""
    return [
        pod
        for pod in pods
        if (pod.get("status") or {}).get("phase") == "Running"
        and not pod["metadata"].get("deletionTimestamp")
        and any(mount.config_map(pod["spec"], one)[0] == name for one in pod["spec"]["containers"])
    ]


def _longer(moving: "Moving", name: str) -> tuple[float, str]:
    """The seconds that dag-processors may take besides, and why."""
    config_maps = moving.operation.survey.inventory.config_maps
    found = [(0.0, "")]
    for pod in mounting(moving.feed.objects("Pod").values(), name):
        if _is_processor(pod):
            of = spec.main_of_pod(pod)
            container = next(one for one in pod["spec"]["containers"] if one["name"] == of)
            found.append(patience.longer(container, config_maps))
    return max(found)


def _is_processor(pod: "Object") -> bool:
    return spec.role_of_pod(pod) == "dag-processor"


def _workload(moving: "Moving", name: str) -> str:
    """The dag-processor's workload, for people."""
    workloads = moving.operation.survey.inventory.workloads
    found = [one.key for one in workloads if one.role == "dag-processor"]
    return next((one.key for one in workloads if one.key in found and name in one.config_maps), *found[:1] or [name])
