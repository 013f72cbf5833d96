"""Two normal forms of a DAG: each kind of change is named, and nothing else."""

import datetime as dt
from typing import Any

import pytest

from dagship.diff import dag_change
from dagship.diff.dag_change import Last
from dagship.model.release_document import DagChange, FieldChange
from tests.builders.snapshots import Edit, given, normal, task, to_task

NOW = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)


def change(edit: Edit, *, values: bool = False) -> DagChange:
    found = dag_change.changed("plain", normal(), normal(edit=edit), NOW, Last(), values=values)
    assert found is not None
    return found


def only(found: DagChange, *parts: str) -> None:
    """Fails where anything but some parts of a change is said."""
    said = {
        name
        for name in DagChange.model_fields
        if name not in {"dag_id", "change", "owner"} and getattr(found, name) != DagChange.model_fields[name].default
    }
    assert said == set(parts)


def field(name: str, was: str | None, now: str | None) -> FieldChange:
    return FieldChange(name=name, was=was, now=now)


def test_nothing_is_said_of_what_is_the_same() -> None:
    assert dag_change.changed("plain", normal(), normal(), NOW, Last(), values=False) is None


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (given(tags=["c", "a"]), field("tags", "a, b", "a, c")),
        (given(tags=[]), field("tags", "a, b", None)),
        (given(max_active_runs=5), field("max_active_runs", "3", "5")),
        (given(catchup=False), field("catchup", "true", "false")),
        (given(end_date=1798761600.0), field("end_date", None, "2027-01-01T00:00:00+00:00")),
        (given(description="other"), field("description", "what it is", "other")),
    ],
)
def test_a_field_of_the_dag(edit: Edit, expected: FieldChange) -> None:
    found = change(edit)

    only(found, "fields")
    assert found.fields == (expected,)


def test_a_schedule_has_the_next_runs_of_both() -> None:
    def hourly(dag: dict[str, Any]) -> None:
        dag["timetable"]["__var"]["expression"] = "0 * * * *"
        dag["catchup"] = True

    found = dag_change.changed(
        "plain", normal(), normal(edit=hourly), NOW, Last(when=NOW.timestamp(), asked=True), values=False
    )

    assert found is not None
    only(found, "schedule_was", "schedule_now")
    assert found.schedule_was is not None
    assert found.schedule_now is not None
    assert found.schedule_was.next_runs[0] == "2026-11-30T03:00:00+01:00"
    assert found.schedule_now.next_runs[0] == "2026-11-30T02:00:00+01:00"


def test_another_release_makes_no_other_schedule_of_the_same_expression_and_another_choice_does() -> None:
    def interval(dag: dict[str, Any]) -> None:
        dag["timetable"]["__type"] = "airflow.timetables.interval.CronDataIntervalTimetable"

    found = change(interval)

    assert field("timetable", "CronTriggerTimetable", "CronDataIntervalTimetable") in found.fields
    assert found.schedule_now is not None


def limit(value: int, kind: str = "integer") -> Edit:
    schema = {"__type": "dict", "__var": {"type": kind}}
    return given(
        params=[["limit", {"__class": "x", "default": value, "schema": schema}], ["free", {"default": "text"}]]
    )


def test_a_param_is_a_digest_unless_values_are_asked_for() -> None:
    hidden, shown = change(limit(6)), change(limit(6), values=True)

    assert shown.fields == (field("params.limit", "5", "6"),)
    assert hidden.fields[0].name == "params.limit"
    assert str(hidden.fields[0].was).startswith("sha256:")
    assert hidden.fields[0].was != hidden.fields[0].now
    only(hidden, "fields")


def test_what_a_param_must_be_is_no_secret() -> None:
    assert change(limit(5, "number")).fields == (
        field("params.limit.schema", '{"type": "integer"}', '{"type": "number"}'),
    )


def test_a_param_that_goes() -> None:
    found = change(given(params=[["free", {"default": "text"}]]), values=True)

    assert found.fields == (field("params.limit", "5", None),)


def test_a_field_of_a_task() -> None:
    found = change(to_task("first", bash_command="echo 2"))

    only(found, "tasks", "graph")
    (one,) = found.tasks
    assert (one.task_id, one.change, one.operator) == ("first", "changed", "BashOperator")
    assert one.fields == (field("bash_command", "echo {{ ds }}", "echo 2"),)


def test_a_password_in_an_address_is_not_shown() -> None:
    found = change(to_task("first", bash_command="psql postgresql://me:hunter22@db/x"))

    assert "hunter22" not in found.model_dump_json()


def test_what_becomes_other_in_all_tasks_alike_is_told_once() -> None:
    def retries(dag: dict[str, Any]) -> None:
        for entry in dag["tasks"]:
            given_ = entry["__var"].get("partial_kwargs", entry["__var"])
            given_["retries"] = 9

    # `fourth` had another number before: then it is told of each.
    assert len(change(retries).tasks) == 5

    def delay(dag: dict[str, Any]) -> None:
        for entry in dag["tasks"]:
            one = entry["__var"]
            if "partial_kwargs" in one:
                one["partial_kwargs"]["retry_delay"] = {"__type": "timedelta", "__var": 60.0}
            else:
                one["retry_delay"] = 60.0

    found = change(delay)
    only(found, "fields")
    assert found.fields == (field("tasks.*.retry_delay", "0:03:00", "0:01:00"),)


def test_an_owner_is_the_dags() -> None:
    def owned(dag: dict[str, Any]) -> None:
        for entry in dag["tasks"]:
            entry["__var"].get("partial_kwargs", entry["__var"])["owner"] = "other"

    found = change(owned)

    only(found, "fields")
    assert found.fields == (field("owner", "data", "other"),)


def test_a_task_that_comes_and_one_that_goes_with_their_edges() -> None:
    def replaced(dag: dict[str, Any]) -> None:
        task(dag, "fourth")["task_id"] = "sixth"
        task(dag, "group.second")["downstream_task_ids"] = ["sixth"]

    found = change(replaced)

    only(found, "tasks", "edges", "graph")
    assert [(one.task_id, one.change) for one in found.tasks] == [("fourth", "removed"), ("sixth", "added")]
    assert [(one.downstream, one.change) for one in found.edges] == [("fourth", "removed"), ("sixth", "added")]


def test_an_asset_that_is_produced_no_more() -> None:
    found = change(to_task("group.third", outlets=[]))

    only(found, "assets")
    (one,) = found.assets
    assert (one.name, one.role, one.change) == ("s3://bucket/third", "produces", "removed")


def test_a_pool_and_a_queue_are_fields_of_the_task() -> None:
    found = change(to_task("first", pool="other", queue="gpu"))

    assert found.tasks[0].fields == (field("pool", "heavy", "other"), field("queue", None, "gpu"))


def test_a_function_of_another_name() -> None:
    found = change(to_task("fourth", python_callable_name="other"))

    assert found.tasks[0].fields == (field("python_callable", "fourth", "other"),)


def test_a_dag_that_comes_has_its_schedule_and_its_tasks_and_one_that_goes_its_schedule() -> None:
    come, go = dag_change.added("plain", normal(), NOW), dag_change.removed("plain", normal(), NOW)

    assert (come.change, len(come.tasks), come.schedule_was) == ("added", 5, None)
    assert come.runs_at_once is not None
    assert come.runs_at_once.why == "new"
    assert (go.change, go.tasks, go.schedule_now) == ("removed", (), None)
    assert [(one.role, one.change) for one in go.assets] == [("produces", "removed")]
