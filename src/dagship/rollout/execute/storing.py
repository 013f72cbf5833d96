"""Waits, before Airflow is to read another DAG version, until it would store the structure of all that it reads.

A deployment may have its dag-processor store a DAG no sooner than some seconds after the last time. Airflow 3 gives
such a DAG the new version all the same, and runs that begin then have the new version and the old structure for good.
"""

from typing import TYPE_CHECKING

from dagship.airflow import query
from dagship.airflow.scheduler_python import CannotAsk
from dagship.airflow.served import Wanted
from dagship.rollout.execute import announce, readers
from dagship.rollout.plan import drift
from dagship.rollout.thin import patience
from dagship.workloads import spec

if TYPE_CHECKING:
    from collections.abc import Collection

    from dagship.record.model import Move
    from dagship.rollout.execute.operation import Moving, Operation

# After so many the lock is looked at.
_AT_ONCE = 1.0


def wait(moving: "Moving", move: "Move") -> None:
    """Returns once a move may be made.

    Args:
        moving: The operation.
        move: Of what announces a version, or has Airflow read one.

    Raises:
        Refused: Someone else changed the object meanwhile.
        OutsideError: The API server was away for too long, or the lock was lost.

    """
    operation, cluster = moving.operation, moving.operation.cluster
    keys = _reading(operation, move)
    every = interval(operation, keys)
    if not every or not _is_to_do(moving, move):
        return
    left = _rest(operation, keys)
    rest = every if left is None else min(left, every)
    if rest <= 0:
        return
    unknown = "; when it stored the last one is not known" if left is None else ""
    why = (
        f"the dag-processor has {patience.STORE}={every:g}, and gives a DAG that it stored less than that ago the new "
        f"version without the new structure{unknown}"
    )
    operation.notes.warn([f"waiting {rest:.0f} s before {move.key} changes, since {why}"])
    until, count = cluster.clock() + rest, 0
    while (left := until - cluster.clock()) > 0:
        moving.ledger.check()
        count = moving.feed.changed(count, min(left, _AT_ONCE))


def interval(operation: "Operation", keys: "Collection[str]") -> float:
    """Returns the seconds in which some dag-processors store no DAG twice, as far as their pods say.

    Args:
        operation: The operation.
        keys: `deployment/dag-processor`.

    """
    inventory = operation.survey.inventory
    found = [0.0]
    for workload in inventory.workloads:
        if workload.key in keys and workload.replicas:
            pod = spec.template(workload.kind, inventory.objects[workload.kind, workload.name])["spec"]
            container = next(one for one in pod["containers"] if one["name"] == workload.main.name)
            found.append(patience.stores_every(container, inventory.config_maps))
    return max(found)


def _reading(operation: "Operation", move: "Move") -> frozenset[str]:
    """The dag-processors that a move has read another version; Airflow 2 stores structure and version as one."""
    plan = operation.plan
    if plan.target.airflow.startswith("2."):
        return frozenset()
    if move.role == "announcement" and plan.announces:
        return readers.mounting(operation.survey.inventory.workloads, move.name)
    return frozenset({move.key}) if move.role == "dag-processor" else frozenset()


def _is_to_do(moving: "Moving", move: "Move") -> bool:
    cluster = moving.operation.cluster
    if move.role == "announcement":
        raw = announce.look(cluster, move.name)
    else:
        raw = moving.feed.objects(move.kind).get(move.name)
    return bool(drift.outstanding(move, raw, moving.own_values))


def _rest(operation: "Operation", keys: frozenset[str]) -> float | None:
    """Seconds until every DAG would be stored; None where that cannot be known, as by the REST API."""
    airflow = query.connect(operation.cluster, operation.survey.inventory, keys, api=operation.api)
    try:
        answer = airflow.served(Wanted(version=""), 0.0)
    except CannotAsk:
        return None
    return answer.rest if answer else None
