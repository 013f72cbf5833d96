"""DAGs that have another id."""

from typing import Any

from dagship.diff import renames
from tests.builders.snapshots import given, normal, task


def test_a_dag_with_the_same_tasks_was_renamed() -> None:
    assert renames.find({"old": normal()}, {"new": normal(edit=given(tags=["x"]))}) == {"new": "old"}


def test_one_with_other_tasks_was_not() -> None:
    assert renames.find({"old": normal("bare")}, {"new": normal()}) == {}


def test_of_several_the_one_that_is_most_alike_and_each_only_once() -> None:
    def other(dag: dict[str, Any]) -> None:
        task(dag, "first")["_operator_name"] = "Other"

    was = {"a": normal(), "b": normal(edit=given(tags=["b"]))}
    now = {"c": normal(edit=given(tags=["b"])), "d": normal(), "e": normal()}

    assert renames.find(was, now) == {"c": "b", "d": "a"}
    assert renames.find({"a": normal()}, {"x": normal(edit=other)}) == {}
