"""The pods of a workload, told apart by what is to become of them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from dagship.health.readiness import Wanted, lacks
from dagship.workloads.status import PodState, WorkloadState


@dataclass(frozen=True, kw_only=True)
class Look:
    """A workload's pods, told apart.

    Attributes:
        scope: Pods that have to be right and are to stay; a StatefulSet's by number, the highest first.
        lacking: Name of a pod in scope to what it lacks; none for those that are right.
        leaving: Pods that must be gone.
        missing: Names of pods that have to be there and are not; a Deployment's have none before they exist.
        desired: Number of pods that have to be right.

    """

    scope: tuple[PodState, ...]
    lacking: Mapping[str, str]
    leaving: tuple[PodState, ...]
    missing: tuple[str, ...]
    desired: int

    @property
    def right(self) -> int:
        """Number of pods that are right."""
        return len(self.scope) - len(self.lacking)


def of_set(state: WorkloadState, pods: tuple[PodState, ...], wanted: Wanted) -> Look:
    """Tells the pods of a StatefulSet apart."""
    end = state.ordinal_start + state.desired
    # The partition counts pods, whatever number the first of them has.
    begin = min(state.ordinal_start + state.partition, end)
    names = [f"{state.name}-{ordinal}" for ordinal in reversed(range(begin, end))]
    kept = {f"{state.name}-{ordinal}" for ordinal in range(state.ordinal_start, begin)}
    present = {pod.name: pod for pod in pods}
    scope = tuple(present[name] for name in names if name in present)
    return Look(
        scope=scope,
        lacking=_lacking(scope, wanted),
        leaving=tuple(pod for pod in pods if pod.name not in kept and pod not in scope),
        missing=tuple(name for name in names if name not in present),
        desired=len(names),
    )


def of_deployment(state: WorkloadState, pods: tuple[PodState, ...], wanted: Wanted) -> Look:
    """Tells the pods of a Deployment apart."""
    # Evicted pods and the like stay on record, and run nothing.
    alive = [pod for pod in pods if pod.phase not in {"Succeeded", "Failed"}]
    scope = tuple(pod for pod in alive if pod.revision == wanted.revision and pod.deleting is None)
    return Look(
        scope=scope,
        lacking=_lacking(scope, wanted),
        leaving=tuple(pod for pod in alive if pod.revision != wanted.revision),
        missing=("a new pod",) * (state.desired - len(scope)),
        desired=state.desired,
    )


def _lacking(scope: tuple[PodState, ...], wanted: Wanted) -> dict[str, str]:
    said = {pod.name: lacks(pod, wanted) for pod in scope}
    return {name: lack for name, lack in said.items() if lack}
