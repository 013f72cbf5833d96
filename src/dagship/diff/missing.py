"""Finds pools and queues that tasks name and that are not there. Pure."""

from collections.abc import Callable, Mapping

from dagship.diff.normal.dag import NormalDag, NormalTask
from dagship.model.release_document import Missing


def find(
    was: Mapping[str, NormalDag],
    now: Mapping[str, NormalDag],
    pools: frozenset[str] | None,
    queues: frozenset[str] | None,
) -> tuple[Missing, ...] | None:
    """Returns what is missing; None where neither pools nor queues are known.

    Args:
        was: All of the old version's DAGs.
        now: All of the new version's DAGs.
        pools: Names of the pools that are there; None when unknown.
        queues: Names of the queues that workers take tasks of; None when unknown.

    """
    if pools is None and queues is None:
        return None
    found: list[Missing] = []
    if pools is not None:
        found += _of(was, now, pools, lambda task: task.pool, "pool")
    if queues is not None:
        found += _of(was, now, queues, lambda task: task.queue, "queue")
    return tuple(found)


def _of(
    was: Mapping[str, NormalDag],
    now: Mapping[str, NormalDag],
    there: frozenset[str],
    name: Callable[[NormalTask], str],
    kind: str,
) -> list[Missing]:
    needed: dict[str, set[str]] = {}
    new: set[str] = set()
    for dag_id, dag in now.items():
        before = {name(task) for task in was[dag_id].tasks.values()} if dag_id in was else frozenset()
        for wanted in {name(task) for task in dag.tasks.values()} - there:
            needed.setdefault(wanted, set()).add(dag_id)
            if wanted not in before:
                new.add(wanted)
    return [
        Missing(kind=kind, name=wanted, dag_ids=tuple(sorted(dags)), is_new=wanted in new)  # type: ignore[arg-type]
        for wanted, dags in sorted(needed.items())
    ]
