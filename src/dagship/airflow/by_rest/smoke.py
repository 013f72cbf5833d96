"""A smoke run by Airflow's API: begins it where it is not there, and waits for its end; or ends it."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from packaging.version import Version

from dagship.airflow_api.api import Api, NotTaken, NotThere

_EVERY = 1.0
_UNFINISHED = ["queued", "running"]
_MOST = 20
# Unfinished runs of one DAG that are looked through for those of ours.
_RUNS = 1000
# The first release that begins a run at a version that is asked for (apache/airflow#61550).
_PINS = Version("3.4.0a0")


def ask(api: Api, say: Mapping[str, Any]) -> dict[str, Any]:
    """Answers once a run has ended, or after some seconds.

    Args:
        api: The API.
        say: As `inside/scheduler/smoke.py` takes it. That the DAG is read at the version has been waited for.

    Raises:
        OutsideError: Airflow does not answer, or refuses.

    """
    if say["end"]:
        return _ended(api, say["dag_id"], say["run_id"])
    until = time.monotonic() + say["seconds"]
    found = _before(api, say)
    if found["obstacle"] or not say["run_id"]:
        return found
    if not found["run_id"]:
        why = _begin(api, say["dag_id"], say["run_id"], say["version"])
        if why:
            return {**found, "obstacle": "refused", "said": why}
        found["run_id"] = say["run_id"]
    while True:
        found |= _state(api, say["dag_id"], found["run_id"])
        if found["state"] not in _UNFINISHED or time.monotonic() >= until:
            return found
        time.sleep(_EVERY)


def _before(api: Api, say: Mapping[str, Any]) -> dict[str, Any]:
    found = {"run_id": "", "is_3": not api.is_2, "obstacle": "", "others": []}
    try:
        dag = api.get("dags", say["dag_id"]).document
    except NotThere:
        return {**found, "obstacle": "gone"}
    if dag.get("is_stale") or dag.get("is_active") is False:
        return {**found, "obstacle": "gone"}
    runs = api.every(
        "dag_runs", "dags", say["dag_id"], "dagRuns",
        same=lambda one: one.get("dag_run_id"), most=_RUNS, state=_UNFINISHED, order_by="id",
    )  # fmt: skip
    ids = [one for run in runs.entries if (one := str(run.get("dag_run_id"))).startswith(say["mark"])]
    own = say["run_id"] if say["run_id"] and _is_there(api, say["dag_id"], say["run_id"]) else ""
    own = own or next((one for one in ids if say["prefix"] and one.startswith(say["prefix"])), "")
    return {
        **found,
        "run_id": own,
        "obstacle": "paused" if dag.get("is_paused") else "",
        "others": [one for one in ids if one != own][:_MOST],
    }


def _is_there(api: Api, dag_id: str, run_id: str) -> bool:
    try:
        api.get("dags", dag_id, "dagRuns", run_id)
    except NotThere:
        return False
    return True


def _begin(api: Api, dag_id: str, run_id: str, version: str) -> str:
    """Begins a run; returns why Airflow refuses that, or nothing."""
    # Templates of DAGs have a date with a logical date alone.
    body: dict[str, object] = {"dag_run_id": run_id, "logical_date": datetime.now(UTC).isoformat(), "conf": {}}
    if version and Version(api.airflow) >= _PINS:
        body["bundle_version"] = version
    try:
        api.send("POST", "dags", dag_id, "dagRuns", body=body)
    except (NotTaken, NotThere) as why:
        return why.detail or why.message
    return ""


def _ended(api: Api, dag_id: str, run_id: str) -> dict[str, Any]:
    """Marks a run as failed where it has not ended."""
    if _state(api, dag_id, run_id)["state"] in _UNFINISHED:
        api.send("PATCH", "dags", dag_id, "dagRuns", run_id, body={"state": "failed"})
    return {"run_id": run_id, **_state(api, dag_id, run_id)}


def _state(api: Api, dag_id: str, run_id: str) -> dict[str, Any]:
    try:
        run = api.get("dags", dag_id, "dagRuns", run_id).document
    except NotThere:
        return {"state": ""}
    state = str(run.get("state"))
    tasks: Sequence[Mapping[str, Any]] = ()
    if state == "failed":
        where = ("dags", dag_id, "dagRuns", run_id, "taskInstances")
        tasks = api.get(*where, state="failed", limit=_MOST).document.get("task_instances") or ()
    named = sorted((str(one.get("task_id")), int(one.get("map_index", -1))) for one in tasks)
    return {
        "state": state,
        "version": str(run.get("bundle_version") or ""),
        "failed": [task if index < 0 else f"{task}[{index}]" for task, index in named],
    }
