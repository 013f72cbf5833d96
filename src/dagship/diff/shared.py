"""Puts DAGs together that are other in the same way by a file that they share: a helper is told once. Pure."""

from collections.abc import Iterable, Mapping

from dagship.model.release_document import DagChange, SharedChange

FEWEST = 3
"""DAGs that are told as one."""
# What of a change is the DAG's own, and does not keep it from being told with others.
_OWN = {
    "dag_id": "", "file": "", "line": 0, "owner": "", "graph": None, "varying": (), "unfinished": None,
    "runs_at_once": None, "schedule_was": None, "schedule_now": None,
}  # fmt: skip


def grouped(
    changes: Iterable[DagChange], own_files: Mapping[str, str]
) -> tuple[tuple[SharedChange, ...], tuple[DagChange, ...]]:
    """Returns the changes that are told together, those of most DAGs first, and all others.

    Args:
        changes: What becomes of each DAG.
        own_files: The file of each DAG: where that is other, the DAG is told by itself.

    """
    alike: dict[str, list[DagChange]] = {}
    single: list[DagChange] = []
    for one in changes:
        by_itself = one.change != "changed" or not one.code or own_files.get(one.dag_id) in one.code
        # What needs to be looked at for each of them is not told of one for all.
        if by_itself or one.runs_at_once or one.unfinished or one.schedule_was:
            single.append(one)
        else:
            alike.setdefault(one.model_copy(update=_OWN).model_dump_json(), []).append(one)
    shared = []
    for group in alike.values():
        if len(group) < FEWEST:
            single += group
        else:
            ids = tuple(sorted(one.dag_id for one in group))
            example = min(group, key=lambda one: one.dag_id)
            shared.append(SharedChange(by=group[0].code, dag_ids=ids, example=example))
    return (
        tuple(sorted(shared, key=lambda one: (-len(one.dag_ids), one.by))),
        tuple(sorted(single, key=lambda one: one.dag_id)),
    )
