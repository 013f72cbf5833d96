"""The tasks and edges of a DAG in both versions, as they are drawn. Pure."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from dagship.diff.normal.dag import NormalDag
from dagship.model.release_document import Edge, Graph, Node

MOST = 40
"""Tasks of both versions that are drawn."""

_Change = Literal["added", "removed", "changed"]


def edges(was: NormalDag | None, now: NormalDag | None) -> tuple[Edge, ...]:
    """Returns the edges that come and go."""
    return tuple(one for one in _all(was, now) if one.change != "same")


def of(was: NormalDag | None, now: NormalDag | None, changes: Mapping[str, _Change]) -> Graph | None:
    """Returns the drawing; None where there are too many tasks for one.

    Args:
        was: The DAG as it was; None for one that comes.
        now: The DAG as it is to be; None for one that goes.
        changes: What becomes of tasks; all of a DAG that comes are added.

    """
    tasks = {**(was.tasks if was else {}), **(now.tasks if now else {})}
    if not 1 <= len(tasks) <= MOST:
        return None
    drawn = _all(was, now)
    before: dict[str, set[str]] = {name: set() for name in sorted(tasks)}
    for edge in drawn:
        before.setdefault(edge.downstream, set()).add(edge.upstream)
    try:
        order = [name for name in TopologicalSorter(before).static_order() if name in tasks]
    except CycleError:  # of an edge that is turned round
        order = sorted(tasks)
    nodes = tuple(
        Node(
            task_id=name,
            operator=tasks[name].operator,
            change=changes.get(name, "same") if was and now else "added" if now else "removed",
        )
        for name in order
    )
    return Graph(nodes=nodes, edges=drawn)


def _all(was: NormalDag | None, now: NormalDag | None) -> tuple[Edge, ...]:
    before, after = was.edges if was else frozenset(), now.edges if now else frozenset()
    return tuple(
        Edge(
            upstream=up,
            downstream=down,
            change="same" if (up, down) in before & after else "added" if (up, down) in after else "removed",
        )
        for up, down in sorted(before | after)
    )
