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
from dagship.rollout.thin import answer, mount
from dagship.rollout.thin.answer import Answer
from dagship.terminal.board import DONE
from dagship.workloads import spec

if TYPE_CHECKING:
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
    began = time.monotonic()
    why_slow = _annotate(moving, name, f"{written.serial}")
    limit = _SECONDS + (_BY_ITSELF if why_slow else 0.0)
    if why_slow:
        moving.operation.notes.warn([why_slow])
    board.row(_ROW, 0, 1, f"DAG version {written.version} to be served")
    said: Answer | None = None
    count = 0
    with ThreadPoolExecutor(1) as pool:
        while (left := began + limit - time.monotonic()) > 0:
            asked = pool.submit(_ask, moving, name, written, left)
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


def _ask(moving: "Moving", name: str, written: Written, seconds: float) -> Answer | None:
    """Asks every dag-processor; returns the worst of their answers, None where one of them could not be asked."""
    cluster = moving.operation.cluster
    pods = [pod for pod in _mounting(moving, name) if _is_processor(pod)]
    if not pods:
        return None
    words = ["python", "-m", _PROGRAM, written.version, str(written.serial), f"{seconds:.1f}"]

    def ask(pod: "Object") -> Answer | None:
        try:
            code, said = cluster.exec(pod["metadata"]["name"], spec.main_of_pod(pod), words, timeout=seconds + _BESIDES)
        except Transient:
            raise
        except OutsideError:  # it ended just now, or its container has not started
            return None
        silent = Answer(served=False, why_not=f"what asks there ended with {code} and no answer")
        return answer.read(said) or silent

    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        answers = list(pool.map(ask, pods))
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

    pods = _mounting(moving, name)
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


def _mounting(moving: "Moving", name: str) -> "list[Object]":
    """The pods that run and have the ConfigMap mounted."""
    return [
        pod
        for pod in moving.feed.objects("Pod").values()
        if (pod.get("status") or {}).get("phase") == "Running"
        and not pod["metadata"].get("deletionTimestamp")
        and any(mount.config_map(pod["spec"], one)[0] == name for one in pod["spec"]["containers"])
    ]


def _is_processor(pod: "Object") -> bool:
    return spec.role_of_pod(pod) == "dag-processor"


def _workload(moving: "Moving", name: str) -> str:
    """The dag-processor's workload, for people."""
    workloads = moving.operation.survey.inventory.workloads
    found = [one.key for one in workloads if one.role == "dag-processor"]
    return next((one.key for one in workloads if one.key in found and name in one.config_maps), *found[:1] or [name])
