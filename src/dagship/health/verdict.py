"""The health of a workload, from one snapshot of it and its pods. Pure.

`kubectl rollout status` asks the workload's own counts, which are right for a Deployment and wrong for a StatefulSet
with a partition (and a partition is what every StatefulSet has: the server writes 0). The pods are asked here: each of
the right revision, ready, on the right image; and the old ones gone, because while one lives it runs the old code.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dagship.health import pod_sets
from dagship.health.deletions import deletions
from dagship.health.faults import Since
from dagship.health.pod_sets import PodSets
from dagship.health.readiness import ExpectedPod, ending, renamed
from dagship.workloads.image_identity import same_image
from dagship.workloads.kinds import KINDS
from dagship.workloads.status import PodState, WorkloadState

# A pod whose node is gone never ends. Past its time by this, seconds, that is worth saying; a busy kubelet takes long.
_OVERDUE = 90.0

_NEVER_SEEN: Since = {}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The health of a workload, and what is to be done about it.

    Attributes:
        done: Whether it runs what it is to run, and nothing else.
        ready: Pods that are right.
        desired: Pods that have to be.
        waiting: What is waited for, to be read after "waiting for"; empty when done or foreign.
        delete: Pods to delete now, those that the controller does not replace by itself.
        warnings: What may keep it from ever being done, or will surprise.
        foreign: The image that somebody else has put in the place of the target; empty while it is the target.
        progress: Changes with whatever moves on. One that was there before is no progress, as a pod that starts and
            fails comes back to it each time.
        patient_until: Until then no progress is none's fault, epoch seconds: a pod is ending in the time it has been
            given. 0 when none is.

    """

    done: bool
    ready: int
    desired: int
    waiting: str = ""
    delete: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    foreign: str = ""
    progress: tuple[object, ...] = ()
    patient_until: float = 0.0


def judge(
    state: WorkloadState,
    pods: tuple[PodState, ...],
    *,
    target: Mapping[str, str],
    ids: frozenset[str],
    now: float,
    settle: float,
    undoing: bool = False,
    since: Since = _NEVER_SEEN,
    at_once: int = 1,
) -> Verdict:
    """Returns the verdict on a workload.

    Args:
        state: The workload.
        pods: Its pods, by `status.pods_of`.
        target: Container name to the image it is to have.
        ids: Digests that the runtime may report for those; empty to compare none.
        now: Epoch seconds, by the cluster's clock as best known.
        settle: Seconds that a container without a probe must have run to count.
        undoing: Whether pods of another revision that are not ready are in the way, and not merely not ready yet.
        since: Since when things have been so, by `faults.seen_since`.
        at_once: How many pods of a StatefulSet may be away at a time.

    """
    foreign = _foreign(state, target)
    kind = KINDS[state.kind]
    if not kind.watched:
        return Verdict(done=not foreign, ready=0, desired=0, foreign=foreign, progress=(state.generation,))
    known = state.observed >= state.generation and state.update_revision != ""
    right = ExpectedPod(revision=state.update_revision, images=target, ids=ids, now=now, settle=settle)
    sets = pod_sets.of(state, pods, right)
    waiting = "" if foreign else _waiting(state, sets, known=known, now=now)
    deletable = known and not foreign and kind.may_delete_pods
    delete = deletions(state, sets, undoing=undoing, since=since, now=now, at_once=at_once) if deletable else ()
    return Verdict(
        done=not waiting and not foreign,
        ready=sets.right if known else 0,
        desired=sets.desired,
        waiting=waiting,
        delete=delete,
        warnings=(
            *_warnings(state, sets, delete, now),
            *(said for pod in sets.expected if pod.name not in sets.pending for said in renamed(pod, right)),
        ),
        foreign=foreign,
        progress=_progress(state, sets, pods),
        patient_until=max((pod.deleting for pod in pods if pod.deleting is not None), default=0.0),
    )


def _foreign(state: WorkloadState, target: Mapping[str, str]) -> str:
    for name, image in target.items():
        present = state.images.get(name, f"no container {name}")
        if not same_image(present, image):
            return present
    return ""


def _waiting(state: WorkloadState, sets: PodSets, *, known: bool, now: float) -> str:
    if state.paused:
        return "somebody to resume it, it is paused"
    if not known:
        # Under Recreate the old pods end before anything new is there.
        leaving = (ending(pod, now) for pod in sets.leaving if pod.deleting is not None)
        return next(leaving, "the controller to see the change")
    to_replace = [f"{pod.name} to be replaced" for pod in sets.expected]
    said = [
        *(reason for reason in sets.pending.values() if reason not in to_replace),
        *(f"{name} to be made" for name in sets.missing),
        *(ending(pod, now) for pod in sets.leaving),
        *sets.pending.values(),
        *_waiting_for_counts(state, sets),
    ]
    return next(iter(said), "")


def _waiting_for_counts(state: WorkloadState, sets: PodSets) -> Iterator[str]:
    """Yields what the status of the workload does not say yet, though its pods look right."""
    if state.updated < sets.desired or state.replicas != state.desired:
        yield "the controller to count its pods"
    if state.ready < state.desired:
        yield "all its pods to be ready"
    if state.available < state.desired:
        yield "its pods to have been ready for long enough (minReadySeconds)"
    whole = KINDS[state.kind].numbered and state.strategy == "RollingUpdate" and state.partition == 0
    # Until then, a pod that dies may come back as it was before.
    if whole and state.current_revision != state.update_revision:
        yield "the controller to end the update"


def _warnings(state: WorkloadState, sets: PodSets, delete: tuple[str, ...], now: float) -> Iterator[str]:
    if state.paused:
        yield f"{state.name} is paused: nothing of it moves until it is resumed."
    if state.partition and state.desired:
        kept = min(state.partition, state.desired)
        yield f"Its partition keeps {kept} of the {state.desired} pods of {state.name} on the revision they have."
    for pod in (*sets.expected, *sets.leaving):
        if pod.unscheduled_why and not pod.scheduled:
            yield f"{pod.name} has no node: {pod.unscheduled_why}"
        if pod.deleting is not None and not pod.over and now > pod.deleting + _OVERDUE:
            yield f"{pod.name} has not ended in the time it was given; its node may be gone."
        if pod.phase == "Failed":
            yield f"{pod.name} failed: {pod.reason or 'no reason was given'}."
        in_order = state.strategy == "RollingUpdate" and state.policy == "OrderedReady" and pod.name not in delete
        if in_order and state.update_revision not in {"", pod.revision} and not pod.ready and pod.deleting is None:
            yield f"{pod.name} is of another revision and not ready: Kubernetes replaces no pod before it is."


def _progress(state: WorkloadState, sets: PodSets, pods: tuple[PodState, ...]) -> tuple[object, ...]:
    """Returns what changes only when something moves on.

    Pods are left without names: one that is made again and again would be another each time.
    """
    right = {pod.name for pod in sets.expected} - set(sets.pending)
    stages = sorted(
        (
            pod.revision == state.update_revision,
            pod.deleting is not None,
            pod.scheduled,
            sum(container.image_id != "" for container in pod.containers),
            sum(container.init and container.ready for container in pod.containers),
            pod.name in right,
        )
        for pod in pods
    )
    available = 0 if sets.pending else state.available
    return (state.generation, state.observed, state.update_revision, state.updated, available, *stages)
