"""The answer in a sentence, and what is to be looked at first."""

from typing import Any

from dagship.diff.verdict import Parts, verdict
from dagship.model.release_document import (
    DagChange,
    FileChange,
    Missing,
    PackageChange,
    RunsAtOnce,
    Schedule,
    SharedChange,
    Side,
    UnfinishedRuns,
)

SIDE = Side(given="x", airflow="3.3.2")


def parts(*dags: DagChange, **more: Any) -> Parts:
    nothing: dict[str, Any] = {"shared": (), "files": (), "packages": (), "findings": (), "missing": (), "unknown": ()}
    return Parts(**{"sides": (SIDE, SIDE), "dags": dags, **nothing, **more})


def one(change: Any = "changed", **more: Any) -> DagChange:
    return DagChange(dag_id="sales", change=change, file="sales.py", **more)


def test_nothing_changes_for_airflow() -> None:
    up = PackageChange(name="a", was="1", now="2", change="up")
    found = verdict(parts(packages=(up,)))

    assert found.sentence == "Nothing changes for Airflow; packages: 1 up."
    assert not found.dags_change
    assert found.notices == ()


def test_what_changes_is_counted_with_what_a_helper_changes() -> None:
    shared = SharedChange(by=("lib.py",), dag_ids=("a", "b", "c"), example=one())
    newer = Side(given="y", airflow="3.4.0")
    found = verdict(parts(one(), one("added"), one("removed"), one("removed"), shared=(shared,), sides=(SIDE, newer)))

    assert found.sentence == "4 DAGs change, 1 comes, 2 go; Airflow 3.3.2 → 3.4.0."


def test_files_that_no_dag_imports_are_said() -> None:
    file = FileChange(file="x.sql", change="changed")

    assert verdict(parts(files=(file,))).sentence == "No DAG changes, but 1 file does that no DAG imports."


def test_the_worst_comes_first() -> None:
    runs = RunsAtOnce(runs=412, since="2025-10-14T00:00:00+00:00", together=16, why="new")
    schedule = {"schedule_was": Schedule(text="@daily"), "schedule_now": Schedule(text="@hourly")}
    pool = Missing(kind="pool", name="heavy", dag_ids=("a", "b", "c", "d"))
    dags = [one(varying=("dag.doc_md",), **schedule), one("added", runs_at_once=runs), one("removed")]
    found = verdict(parts(*dags, missing=(pool,), unknown=("Nobody was asked.",)))

    assert [(notice.severity, notice.kind) for notice in found.notices] == [
        ("error", "pool-missing"),
        ("error", "runs-at-once"),
        ("warning", "dag-removed"),
        ("warning", "schedule-changed"),
        ("warning", "varying-value"),
        ("warning", "not-compared"),
    ]
    assert "412 runs at once" in found.notices[1].message
    assert "a, b, c and 1 more" in found.notices[0].message


def test_a_dag_that_goes_with_unfinished_runs_is_an_error_and_runs_that_keep_their_code_are_none() -> None:
    under_way = UnfinishedRuns(running=1, queued=1)
    go = verdict(parts(one("removed", unfinished=under_way))).notices
    stay = verdict(parts(one(unfinished=under_way))).notices
    keep = verdict(parts(one(unfinished=under_way.model_copy(update={"keep_code": True})))).notices

    assert [(notice.severity, notice.kind) for notice in go] == [("error", "unfinished-runs")]
    assert [notice.severity for notice in stay] == ["warning"]
    assert keep == ()


def test_runs_that_are_made_only_where_none_was_before_are_no_error() -> None:
    runs = RunsAtOnce(runs=412, since="x", why="catchup", if_never_run=True)
    (found,) = verdict(parts(one(runs_at_once=runs))).notices

    assert (found.severity, found.message.endswith("if none of it was made before.")) == ("warning", True)


def test_a_renamed_dag_is_told_of_as_a_new_one_and_its_schedule_as_of_one_that_stays() -> None:
    runs = RunsAtOnce(runs=412, since="2025-10-14T00:00:00+00:00", together=16, why="new")
    schedule = {"schedule_was": Schedule(text="@daily"), "schedule_now": Schedule(text="@hourly")}
    found = verdict(parts(one("renamed", was_id="former", runs_at_once=runs, **schedule))).notices

    assert [(notice.severity, notice.kind) for notice in found] == [
        ("error", "runs-at-once"),
        ("warning", "dag-renamed"),
        ("warning", "schedule-changed"),
    ]


def test_unfinished_runs_of_a_dag_that_was_renamed_are_left_without_one() -> None:
    under_way = UnfinishedRuns(running=1, queued=1)
    found = verdict(parts(one("renamed", was_id="former", unfinished=under_way))).notices

    assert [(notice.severity, notice.kind) for notice in found] == [
        ("error", "unfinished-runs"),
        ("warning", "dag-renamed"),
    ]
    assert found[0].message == (
        "'former' goes, and 2 runs of it are unfinished: Airflow never ends what it has no DAG for."
    )
