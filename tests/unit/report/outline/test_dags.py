"""What a changed DAG is told in."""

import pytest

from dagship.model.release_document import (
    AssetChange,
    DagChange,
    FieldChange,
    RunsAtOnce,
    Schedule,
    SharedChange,
    TaskChange,
    UnfinishedRuns,
)
from dagship.report.outline import dags
from dagship.report.outline.model import Line
from dagship.report.places import Places

PLACES = Places(dags="pipelines/dags")


def said(line: Line) -> str:
    return "".join(part if isinstance(part, str) else f"<{part.text}>" for part in line)


def told(**facts: object) -> list[str]:
    given = {"dag_id": "daily", "change": "changed", "file": "daily.py"}
    item = dags.item(DagChange.model_validate(given | facts), PLACES)
    return [said(item.line), *map(said, item.more)]


def test_a_dag_stands_with_its_file_from_the_root_and_its_owner() -> None:
    assert told(line=12, owner="data") == ["<daily> changes in <pipelines/dags/daily.py:12>, owner <data>"]
    assert told(change="added") == ["<daily> is new in <pipelines/dags/daily.py>"]
    assert told(change="removed", file="") == ["<daily> goes"]
    assert told(change="renamed", was_id="old") == ["<daily> is another name of <old> in <pipelines/dags/daily.py>"]


def test_a_schedule_is_told_old_and_new_with_the_next_runs() -> None:
    was = Schedule(text="0 3 * * *", timezone="Europe/Berlin", next_runs=("2026-12-01T03:00:00+01:00",))
    now = Schedule(text="none")

    assert told(schedule_was=was, schedule_now=now)[1:] == [
        "schedule: <0 3 * * *> (<Europe/Berlin>) → <none>",
        "next runs were: <2026-12-01T03:00:00+01:00>",
    ]
    assert told(schedule_was=now, schedule_now=now.model_copy(update={"is_known": False}))[2] == (
        "next runs: as its own timetable says"
    )
    assert told(schedule_now=now)[1:] == ["schedule: <none>"]


def test_the_runs_made_at_once_are_counted() -> None:
    made = RunsAtOnce(runs=412, since="2025-10-14T00:00:00+00:00", together=16, why="catchup")

    assert told(runs_at_once=made)[1] == (
        "makes 412 runs at once, 16 at a time, since <2025-10-14T00:00:00+00:00>: catchup was off"
    )
    assert (
        "makes more than 1 run at once, since"
        in told(runs_at_once=made.model_copy(update={"runs": 1, "and_more": True, "together": 0}))[1]
    )


@pytest.mark.parametrize(
    ("keeps", "end"),
    [(True, "they end on the code that they began with"), (False, "they go on with the new code")],
)
def test_unfinished_runs_are_told_with_the_code_that_they_go_on_with(keeps: bool, end: str) -> None:
    runs = UnfinishedRuns(running=2, queued=0, keep_code=keeps)

    assert told(unfinished=runs)[1] == f"unfinished runs: 2 running; {end}"


@pytest.mark.parametrize("change", ["removed", "renamed"])
def test_unfinished_runs_of_a_dag_that_goes_go_on_with_no_code(change: str) -> None:
    runs = UnfinishedRuns(running=0, queued=3, keep_code=True)

    assert told(change=change, unfinished=runs)[1] == "unfinished runs: 3 queued; there is no DAG for them any more"


def test_fields_tasks_and_assets_are_told_one_by_one() -> None:
    field = FieldChange(name="retries", was="0", now=None)
    tasks = (TaskChange(task_id="load", change="changed", operator="BashOperator", fields=(field, field)),)
    assets = (
        AssetChange(name="orders", uri="s3://orders", role="produces", change="added"),
        AssetChange(name="x", uri="x", role="consumes", change="removed"),
    )

    assert told(fields=(field,), tasks=tasks, assets=assets, code=("a.py",), varying=("dag.tags",))[1:] == [
        "<retries>: <0> → none",
        "changed task <load> (<BashOperator>): <retries>: <0> → none; <retries>: <0> → none",
        "produces <orders> (<s3://orders>)",
        "no longer consumes <x>",
        "code: <pipelines/dags/a.py>",
        "another at each parse, and left out: <dag.tags>",
    ]


def test_of_very_many_changes_the_rest_is_counted() -> None:
    fields = tuple(FieldChange(name=str(number), was=None, now="x") for number in range(25))

    assert told(fields=fields)[-1] == "and 5 fields more"


def test_a_file_that_changes_many_dags_is_one_entry() -> None:
    example = DagChange(dag_id="a", change="changed", fields=(FieldChange(name="owner", was="x", now="y"),))
    shared = SharedChange(by=("helpers.py",), dag_ids=tuple(f"d{number}" for number in range(400)), example=example)
    item = dags.shared_item(shared, PLACES)

    assert said(item.line) == "<pipelines/dags/helpers.py> changes 400 DAGs in the same way"
    assert said(item.more[0]).endswith("<d9> and 390 more")
    assert said(item.more[1]) == "<owner>: <x> → <y>"


def test_runs_that_are_made_only_where_there_were_none_are_told_as_such() -> None:
    made = RunsAtOnce(runs=3, since="2026-11-27T00:00:00+00:00", why="start", if_never_run=True)

    assert told(runs_at_once=made)[1].startswith("makes 3 runs at once, if it never ran, since <2026-11-27")
