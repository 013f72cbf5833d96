"""The drawing of a DAG in both versions."""

from typing import Any

from dagship.diff import graph
from tests.builders.snapshots import normal, task


def test_all_tasks_are_there_each_after_those_before_it() -> None:
    found = graph.of(normal(), normal(), {"first": "changed"})

    assert found is not None
    order = [node.task_id for node in found.nodes]
    assert order.index("first") < order.index("group.second") < order.index("fourth")
    assert {node.task_id: node.change for node in found.nodes}["first"] == "changed"
    assert {edge.change for edge in found.edges} == {"same"}


def test_an_edge_that_is_turned_round_is_both() -> None:
    def turned(dag: dict[str, Any]) -> None:
        task(dag, "group.second")["downstream_task_ids"] = []
        task(dag, "fourth")["downstream_task_ids"] = ["group.second"]

    found = graph.of(normal(), normal(edit=turned), {})

    assert found is not None
    assert ("fourth", "group.second", "added") in [(one.upstream, one.downstream, one.change) for one in found.edges]
    assert [(one.upstream, one.change) for one in graph.edges(normal(), normal(edit=turned))] == [
        ("fourth", "added"),
        ("group.second", "removed"),
    ]


def test_one_that_comes_is_all_new_and_what_is_too_much_is_not_drawn() -> None:
    def many(dag: dict[str, Any]) -> None:
        dag["tasks"] = [{"__var": {"task_id": f"t{number}"}} for number in range(graph.MOST + 1)]

    drawn = graph.of(None, normal(), {})
    assert drawn is not None
    assert {node.change for node in drawn.nodes} == {"added"}
    assert graph.of(None, normal(edit=many), {}) is None
