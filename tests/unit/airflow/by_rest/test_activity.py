"""What is made of the answers of Airflow's API; tests/engine compares it with what the database says."""

from collections.abc import Mapping
from typing import Any

import pytest

from dagship.airflow.by_rest import activity as by_rest
from dagship.airflow.query import read
from dagship.airflow.scheduler_python import CannotAsk
from dagship.airflow_api.api import Answer, NotThere
from dagship.airflow_api.pages import Page

A, B = "a" * 12, "b" * 12


class Api:
    """An API that has these answers, by path; a list is asked for by the path alone."""

    url = "https://airflow.example.com"

    def __init__(self, airflow: str = "3.3.2", **said: Any) -> None:
        self.airflow, self.is_2, self.said = airflow, airflow.startswith("2."), said

    def get(self, *path: str, **_: Any) -> Answer:
        said = self.said.get("/".join(path))
        if said is None:
            raise NotThere("no such thing")
        found = said if isinstance(said, Mapping) else {path[-1]: said, "total_entries": len(said)}
        return Answer(found, 1000.0)

    def every(self, key: str, *_: str, same: Any, most: int, **query: Any) -> Page:
        states = query.get("state")
        found = [one for one in self.said.get(key, []) if states is None or one["state"] in states]
        assert len({same(one) for one in found}) == len(found)
        return Page(found[:most], len(found))


def run(dag_id: str, number: int, state: str = "running", version: str | None = A) -> dict[str, Any]:
    return {"dag_id": dag_id, "dag_run_id": f"r{number}", "state": state, "bundle_version": version}


def task(number: int, state: str | None = "running", **more: Any) -> dict[str, Any]:
    said = {"dag_id": "d", "dag_run_id": "r", "task_id": f"t{number}", "map_index": -1, "try_number": 1}
    return {
        **said,
        "state": state,
        "hostname": "worker-0",
        "start_date": "2026-11-30T06:00:00Z",
        "end_date": None,
        **more,
    }


def dag(**more: Any) -> dict[str, Any]:
    return {"is_paused": False, "is_stale": False, "bundle_name": "dags-folder", "relative_fileloc": "d.py", **more}


def asked(since: float | None = None, **said: Any) -> Any:
    tasks = {"dags/~/dagRuns/~/taskInstances": {"total_entries": 7}}
    return read(by_rest.activity(Api(**{**tasks, "dags": [], **said}), since))  # type: ignore[arg-type]


def test_runs_are_counted_by_version_and_state_and_by_dag() -> None:
    runs = [run("d", 1), run("d", 2), run("d", 3, "queued"), run("e", 4, version=B), run("gone", 5, version=None)]
    live = asked(dag_runs=runs, **{"dags/d": dag(), "dags/e": dag(is_paused=True, relative_fileloc="x/e.py")})

    assert {"": 1, A: 3, B: 1} == live.by_version == {**live.pinned, "": 1}
    assert [
        ("d", A, 3, False, False, "d.py"),
        ("e", B, 1, True, False, "x/e.py"),
        ("gone", "", 1, False, True, ""),
    ] == [(one.dag_id, one.version, one.runs, one.paused, one.gone, one.file) for one in live.dags]
    assert (1000.0, "3.3.2", 7) == (live.asked, live.airflow, live.queued)


@pytest.mark.parametrize(
    ("of", "listed"),
    [
        (dag(), True),
        (dag(bundle_name=None), True),
        (dag(bundle_name="another"), False),
        ({"is_active": True, "fileloc": "/opt/airflow/dags/d.py"}, True),
        ({"is_active": True, "fileloc": "/x/site-packages/airflow/example_dags/d.py"}, False),
    ],
)
def test_dags_of_others_are_none_of_the_images_and_their_runs_count(of: dict[str, Any], listed: bool) -> None:
    live = asked(dag_runs=[run("d", 1)], **{"dags/d": of})

    assert listed == bool(live.dags)
    assert {A: 1} == live.by_version


def test_a_dag_without_code_that_airflow_still_knows_is_found_among_those_of_a_like_name() -> None:
    known = [{**dag(), "dag_id": "my_dag"}, {**dag(is_stale=True), "dag_id": "dag"}]
    (found,) = asked(dag_runs=[run("dag", 1)], dags=known).dags

    assert (True, "d.py") == (found.gone, found.file)


def test_running_tasks_are_told_and_of_those_that_changed_what_did_not_end_well_at_once() -> None:
    changed = [
        task(1, "success"),
        task(2, "success", try_number=2),
        task(3, "failed"),
        task(4, None),
        task(5, None, start_date=None),
        task(6, "running", hostname="worker-1.worker.ns.svc"),
    ]
    live = asked(since=999.0, task_instances=changed)

    assert ["t6"] == [one.task_id for one in live.tasks]
    assert "worker-1" == live.tasks[0].host
    assert ["t2", "t3", "t4", "t6"] == [one.task_id for one in live.changed]
    assert 1 == live.running


@pytest.mark.parametrize(
    ("dags", "baked"),
    [
        ([], None),
        ([{"bundle_name": "another", "bundle_version": A}], None),
        ([{"bundle_name": "dags-folder", "bundle_version": A}], True),
        ([{"bundle_name": "dags-folder", "bundle_version": "4" * 40}], False),
        ([{"bundle_name": "dags-folder", "bundle_version": None}], False),
    ],
)
def test_whose_the_dags_are_is_told_by_their_version_and_not_guessed(dags: list[Any], baked: bool | None) -> None:
    assert baked is asked(dags=dags).baked


def test_more_runs_than_can_be_read_are_no_answer() -> None:
    with pytest.raises(CannotAsk, match="10001 runs are unfinished"):
        asked(dag_runs=[run("d", number) for number in range(10_001)])


def test_where_no_scheduler_lives_there_is_no_answer() -> None:
    alive = {"hostname": "scheduler-0"}

    assert ("scheduler-0",) == by_rest.schedulers(Api(jobs={"jobs": [alive]}))  # type: ignore[arg-type]
    with pytest.raises(CannotAsk, match="sign of life"):
        by_rest.schedulers(Api(jobs={"jobs": []}))  # type: ignore[arg-type]
    health = {"scheduler": {"status": "unhealthy", "latest_scheduler_heartbeat": "yesterday"}}
    with pytest.raises(CannotAsk, match="since yesterday"):
        by_rest.schedulers(Api("2.11.2", health=health))  # type: ignore[arg-type]
    assert () == by_rest.schedulers(Api("2.11.2", health={"scheduler": {"status": "healthy"}}))  # type: ignore[arg-type]
