"""The drawing of tasks and edges: nothing lies upon another, and edges lead from left to right."""

import re
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from dagship.model.release_document import Edge, Graph, Node
from dagship.report.page.drawing import Drawing, columns_of, draw
from tests.builders.release_documents import graph


def made(*edges: tuple[str, str], names: str = "") -> Graph:
    ids = dict.fromkeys([*names, *(name for edge in edges for name in edge)])
    return Graph(
        nodes=tuple(Node(task_id=name) for name in ids),
        edges=tuple(Edge(upstream=up, downstream=down) for up, down in edges),
    )


def check(drawn: Drawing) -> None:
    for one, other in combinations(drawn.boxes, 2):
        beside = one.x + one.width <= other.x or other.x + other.width <= one.x
        above = one.y + one.height <= other.y or other.y + other.height <= one.y
        assert beside or above, (one, other)
    for box in drawn.boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= drawn.width
        assert box.y + box.height <= drawn.height


def test_a_chain_is_a_straight_line() -> None:
    drawn = draw(made(("a", "b"), ("b", "c")))

    assert len({box.y for box in drawn.boxes}) == 1
    assert [box.x for box in drawn.boxes] == sorted({box.x for box in drawn.boxes})


def test_parallel_tasks_stand_below_one_another_between_their_ends() -> None:
    drawn = draw(made(("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")))
    at = {box.node.task_id: box for box in drawn.boxes}

    assert at["b"].x == at["c"].x
    assert at["a"].y == at["d"].y == (at["b"].y + at["c"].y) / 2


def test_an_edge_over_a_layer_goes_around_what_is_in_it() -> None:
    drawn = draw(made(("a", "b"), ("b", "c"), ("a", "c")))
    between = next(box for box in drawn.boxes if box.node.task_id == "b")
    level = [int(y) for y in re.findall(r" (\d+)H", drawn.curves["same"])]

    assert level
    assert all(y < between.y or y > between.y + between.height for y in level)


def test_edges_of_each_kind_are_a_path_of_their_own() -> None:
    drawn = draw(graph(5))

    assert set(drawn.curves) == {"same", "added"}
    assert drawn.curves["same"].count("M") == 7


def test_an_edge_that_leads_back_or_nowhere_is_left_out() -> None:
    drawn = draw(made(("a", "b"), ("b", "a"), ("a", "a")).model_copy(update={"nodes": made(("a", "b")).nodes}))

    assert drawn.curves["same"].count("M") == 1
    assert draw(Graph()).boxes == ()


def test_a_long_name_is_cut_and_a_wide_letter_counts_twice() -> None:
    (box,) = draw(Graph(nodes=(Node(task_id="漢" * 40, change="removed"),))).boxes

    assert box.text.startswith("\N{MINUS SIGN} 漢")
    assert box.text.endswith("…")
    assert columns_of(box.text) <= 28


@given(st.sets(st.tuples(st.integers(0, 39), st.integers(0, 39)), max_size=120))
def test_tasks_of_any_graph_lie_apart(pairs: set[tuple[int, int]]) -> None:
    edges = tuple(Edge(upstream=str(one), downstream=str(other)) for one, other in pairs)
    drawn = draw(Graph(nodes=tuple(Node(task_id=str(number)) for number in range(40)), edges=edges))

    check(drawn)
    assert sum(path.count("M") for path in drawn.curves.values()) == sum(one < other for one, other in pairs)


def test_forty_tasks_lie_apart() -> None:
    check(draw(graph(40)))
