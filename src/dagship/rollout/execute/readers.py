"""The workloads that read DAG files, whose word is waited for. Pure."""

from collections.abc import Collection, Iterable

from dagship.rollout.plan.model import Planned
from dagship.workloads.spec import Workload


def of(plan: Planned, workloads: Collection[Workload]) -> frozenset[str]:
    """Returns those that move to a DAG version; none where the plan moves none of them, or to no version of ours.

    One that is to have no pods reads nothing.

    It is the dag-processor that stores DAGs; where there is none, the scheduler of an Airflow 2 does.

    Args:
        plan: What is to be done.
        workloads: Those of the namespace.

    """
    if plan.undo or plan.announces or not plan.target.dag_version:
        return frozenset()
    moved = {move.key for move in plan.moves}
    there = [one for one in workloads if one.replicas]
    processors = [one for one in there if one.role == "dag-processor"]
    if not processors and plan.target.airflow.startswith("2."):
        processors = [one for one in there if one.role == "scheduler"]
    return _keys(one for one in processors if one.key in moved)


def mounting(workloads: Collection[Workload], config_map: str) -> frozenset[str]:
    """Returns the dag-processors that have a ConfigMap mounted; all of them where none says so."""
    found = [one for one in workloads if one.role == "dag-processor"]
    return _keys(one for one in found if config_map in one.config_maps) or _keys(found)


def _keys(workloads: Iterable[Workload]) -> frozenset[str]:
    return frozenset(one.key for one in workloads)
