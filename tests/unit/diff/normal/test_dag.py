"""The normal form of what releases of Airflow serialized of serialized/dags.py."""

import json
from dataclasses import replace

import pytest

from dagship.diff.normal.dag import NormalDag, read
from tests.builders.snapshots import RELEASES, given, normal, serialized, task, to_task


def of(release: str, dag_id: str = "plain") -> NormalDag:
    return read(json.dumps(serialized(dag_id, release)))


def without_release(dag: NormalDag) -> NormalDag:
    """The same without what one release alone says: the way to a run's time, and the name of a function."""
    tasks = {name: replace(one, callable="") for name, one in dag.tasks.items()}
    return replace(dag, release=0, tasks=tasks, timetable=replace(dag.timetable, way="", at_end=False))


@pytest.mark.parametrize("release", RELEASES)
def test_each_release_gives_the_same(release: str) -> None:
    assert without_release(of(release)) == without_release(of("3.3.2"))


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("dag_id", ["bare", "interval", "assets", "both", "once", "always"])
def test_each_release_gives_the_same_for_a_dag_that_says_little(release: str, dag_id: str) -> None:
    one, other = (without_release(replace(of(each, dag_id), catchup=False)) for each in (release, "3.3.2"))

    assert one == other


def test_nothing_is_left_of_what_a_release_adds() -> None:
    dag = normal()

    assert dag.fields == {
        "access_control": {"Viewer": {"DAGs": ["can_read"]}},
        "dagrun_timeout": "2:00:00",
        "description": "what it is",
        "doc_md": "# doc",
        "max_active_runs": 3,
    }
    assert dag.tasks["first"].fields == {
        "bash_command": "echo {{ ds }}", "env": {"A": "b"}, "owner": "data", "pool": "heavy", "retries": 2,
        "retry_delay": "0:03:00",
    }  # fmt: skip
    assert dag.tasks["fifth"].fields["expand"] == {"y": [1, 2, 3]}
    assert dag.tasks["group.third"].produces == (("s3://bucket/third", "s3://bucket/third"),)
    assert dag.edges == {("first", "group.second"), ("first", "group.third"), ("group.second", "fourth")}


def test_catchup_that_is_left_out_is_on_in_airflow_2_and_off_in_airflow_3() -> None:
    assert of("2.11.2", "bare").catchup
    assert not of("3.0.6", "bare").catchup


def test_what_is_false_where_the_default_is_true_counts() -> None:
    dag = normal(edit=to_task("first", do_xcom_push=False, email_on_retry=True))

    assert dag.tasks["first"].fields["do_xcom_push"] is False
    assert "email_on_retry" not in dag.tasks["first"].fields


def test_a_place_that_varies_is_left_out() -> None:
    one, other = (
        json.dumps({"dag": {**serialized()["dag"], "tags": tags, "doc_md": text}})
        for tags, text in ((["a", "b"], "at 12:01"), (["b", "a"], "at 12:02"))
    )
    varying = ("dag.doc_md", "dag.tags.0", "dag.tags.1")

    assert read(one) != read(other)
    assert read(one, varying) == read(other, varying)


def test_a_field_of_a_task_that_varies_is_left_out() -> None:
    one, other = (serialized() for _ in range(2))
    task(other["dag"], "first")["bash_command"] = "echo 7"

    assert read(json.dumps(one), ["dag.tasks.first.bash_command"]) == read(
        json.dumps(other), ["dag.tasks.first.bash_command"]
    )


def test_an_operator_of_ones_own_is_known_by_its_module_without_the_path_of_the_file() -> None:
    module = "unusual_prefix_a847566053cff4bbcc96505073fda5159c76a975_plain"
    dag = normal(edit=to_task("first", _task_module=module, task_type="Ours"))

    assert dag.tasks["first"].fields["operator"] == "plain.Ours"


def test_a_param_of_a_task_that_is_the_dags_is_not_told_twice() -> None:
    own = [["limit", {"__class": "x", "default": 7, "schema": {"__type": "dict", "__var": {}}}]]

    assert normal(edit=to_task("first", params=own)).tasks["first"].fields["params.limit"] == 7
    assert "params.limit" not in normal().tasks["first"].fields


def test_params_of_an_older_release_are_an_object() -> None:
    dag = normal(edit=given(params={"limit": {"__class": "x", "default": 7}, "plain": 1}))

    assert dag.params == {"limit": {"default": 7}, "plain": {"default": 1}}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"dag": 1}', '{"dag": {"tasks": [1]}}', '{"dag": {"tasks": [{}]}}'])
def test_what_is_no_dag_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a serialized DAG|Expecting value"):
        read(text)
