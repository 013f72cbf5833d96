"""Two serialized forms of a DAG, and where they differ."""

import json

import pytest

from dagship.inside.verify import compare


def serialized(command: str, **more: object) -> str:
    task = {"__var": {"task_id": "load", "bash_command": command}, "__type": "operator"}
    return json.dumps({"dag": {"tasks": [task], **more}})


@pytest.mark.parametrize(
    ("one", "other", "where"),
    [
        (serialized("a"), serialized("b"), "dag.tasks.load.bash_command"),
        (serialized("a", tags=["x", "y"]), serialized("a", tags=["y", "x"]), "dag.tags.0"),
        (serialized("a", tags=["x"]), serialized("a", tags=["x", "y"]), "dag.tags"),
        (serialized("a", end=1), serialized("a"), "dag.end"),
        (serialized("a"), serialized("a"), ""),
        ("no json", serialized("a"), ""),
    ],
)
def test_the_first_difference_is_named_by_task_and_field(one: str, other: str, where: str) -> None:
    assert compare.differences(one, other)["where"] == where


def test_all_places_are_named_the_first_with_its_values() -> None:
    found = compare.differences(serialized("a", tags=["x", "y"], end=1), serialized("b", tags=["y", "x"], end=2))

    assert found == {
        "where": "dag.end",
        "one": "1",
        "other": "2",
        "more": ["dag.tags.0", "dag.tags.1", "dag.tasks.load.bash_command"],
    }


def test_values_are_cut() -> None:
    found = compare.differences(serialized("a" * 10_000), serialized("b"))

    assert len(found["one"]) < 250
    assert found["other"] == "b"


def test_a_dag_differs_when_its_digest_does() -> None:
    def seen(**digests: str) -> dict[str, object]:
        return {"dags": [{"id": dag, "digest": digest} for dag, digest in digests.items()]}

    assert compare.differing(seen(a="1", b="2"), seen(a="1", b="3")) == ["b"]
    assert compare.differing(seen(a="1"), seen()) == ["a"]
