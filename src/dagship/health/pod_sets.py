"""The pods of a workload: expected, pending, leaving, missing. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dagship.health.readiness import ExpectedPod, pending_reason
from dagship.workloads.status import PodState, WorkloadState


@dataclass(frozen=True, kw_only=True)
class PodSets:
    """The pods of a workload, in sets.

    Attributes:
        expected: Pods that have to be right and are to stay; a StatefulSet's by number, the highest first.
        pending: Name of an expected pod to why it is not right yet; none of those that are.
        leaving: Pods that must be gone.
        missing: Names of pods that have to be there and are not; a Deployment's have none before they exist.
        desired: Number of pods that have to be right.

    """

    expected: tuple[PodState, ...]
    pending: Mapping[str, str]
    leaving: tuple[PodState, ...]
    missing: tuple[str, ...]
    desired: int

    @property
    def right(self) -> int:
        """Number of pods that are right."""
        return len(self.expected) - len(self.pending)


def of(state: WorkloadState, pods: tuple[PodState, ...], right: ExpectedPod) -> PodSets:
    """Returns the pods of a workload in sets, as its kind has them."""
    return _BY_KIND[state.kind](state, pods, right)


def of_set(state: WorkloadState, pods: tuple[PodState, ...], right: ExpectedPod) -> PodSets:
    """Returns the pods of a StatefulSet in sets."""
    end = state.ordinal_start + state.desired
    # The partition counts pods, whatever number the first of them has.
    begin = min(state.ordinal_start + state.partition, end)
    names = [f"{state.name}-{ordinal}" for ordinal in reversed(range(begin, end))]
    kept = {f"{state.name}-{ordinal}" for ordinal in range(state.ordinal_start, begin)}
    present = {pod.name: pod for pod in pods}
    expected = tuple(present[name] for name in names if name in present)
    return PodSets(
        expected=expected,
        pending=_pending(expected, right),
        leaving=tuple(pod for pod in pods if pod.name not in kept and pod not in expected),
        missing=tuple(name for name in names if name not in present),
        desired=len(names),
    )


def of_deployment(state: WorkloadState, pods: tuple[PodState, ...], right: ExpectedPod) -> PodSets:
    """Returns the pods of a Deployment in sets."""
    # Evicted pods and the like stay on record, and run nothing.
    alive = [pod for pod in pods if pod.phase not in {"Succeeded", "Failed"}]
    expected = tuple(pod for pod in alive if pod.revision == right.revision and pod.deleting is None)
    return PodSets(
        expected=expected,
        pending=_pending(expected, right),
        leaving=tuple(pod for pod in alive if pod.revision != right.revision),
        missing=("a new pod",) * (state.desired - len(expected)),
        desired=state.desired,
    )


def _pending(expected: tuple[PodState, ...], right: ExpectedPod) -> dict[str, str]:
    reasons = {pod.name: pending_reason(pod, right) for pod in expected}
    return {name: reason for name, reason in reasons.items() if reason}


# One for each kind that is watched.
_BY_KIND: Mapping[str, Callable[[WorkloadState, tuple[PodState, ...], ExpectedPod], PodSets]] = {
    "StatefulSet": of_set,
    "Deployment": of_deployment,
}
