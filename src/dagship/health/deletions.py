"""Pods of a StatefulSet that its controller does not replace until somebody deletes them. Pure.

Under OnDelete all do, and they go one after another, as the controller would take them. Under OrderedReady those do
that are broken: the controller replaces no pod before each is ready, even where the template was mended since
(kubernetes/kubernetes#67250). Under RollingUpdate the controller takes one at a time; more are deleted beside it.
"""

from dagship.health.faults import Since, pod_fault
from dagship.health.pod_sets import PodSets
from dagship.workloads.status import PodState, WorkloadState


def deletions(
    state: WorkloadState, sets: PodSets, *, undoing: bool, since: Since, now: float, at_once: int = 1
) -> tuple[str, ...]:
    """Returns the pods of a StatefulSet to delete now.

    Args:
        state: The StatefulSet; its controller has seen the change.
        sets: Its pods.
        undoing: Whether pods of another revision that are not ready are in the way.
        since: Since when things have been so, by `faults.seen_since`.
        now: Epoch seconds.
        at_once: How many pods may be away at a time; the controller itself replaces one after another.

    """
    wrong = [pod for pod in sets.expected if pod.revision != state.update_revision and pod.deleting is None]
    if state.strategy == "OnDelete" or state.policy == "OrderedReady":
        broken = [pod for pod in wrong if (undoing and not pod.ready) or pod_fault(pod, since=since, now=now)]
        if broken:
            return tuple(pod.name for pod in broken)
    if state.strategy == "RollingUpdate" and at_once > 1 and not undoing:
        return _several(sets, wrong, at_once)
    if state.strategy != "OnDelete" or not wrong:
        return ()
    next_one = min(wrong, key=lambda pod: pod.ready)
    others = [pod for pod in sets.expected if pod not in wrong]
    if any(pod.name in sets.pending for pod in others):
        return ()
    if sets.missing and not _holds_up(state, next_one, sets):
        return ()
    return (next_one.name,)


def _several(sets: PodSets, wrong: list[PodState], at_once: int) -> tuple[str, ...]:
    """The next of the outdated pods, as far as enough others are there; the highest first, as the controller does."""
    away = len(sets.missing) + sum(not pod.ready or pod.deleting is not None for pod in sets.expected)
    return tuple(pod.name for pod in wrong if pod.ready)[: max(at_once - away, 0)]


def _holds_up(state: WorkloadState, pod: PodState, sets: PodSets) -> bool:
    """Whether missing pods are not made because of this one: in order, none comes before those below it are ready."""
    first = min(_ordinal(name) for name in sets.missing)
    return state.policy == "OrderedReady" and not pod.ready and _ordinal(pod.name) < first


def _ordinal(name: str) -> int:
    return int(name.rpartition("-")[2])
