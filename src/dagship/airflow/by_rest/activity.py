"""Unfinished runs and running tasks, as Airflow's API has them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from dagship.airflow.scheduler_python import CannotAsk
from dagship.airflow_api.api import Api, NotThere
from dagship.model.dag_versions import is_id

# Airflow's own name for the bundle that an image brings (images/airflow/Dockerfile.j2).
_BUNDLE = "dags-folder"
# As many as inside/scheduler/activity.py tells of.
_MOST = 1000
# Beyond, reading them takes minutes; the database counts in one question.
_TOO_MANY = 10_000
_AT_A_TIME = 8
_UNFINISHED, _RUNNING = ["queued", "running"], ["running", "restarting"]
_ENDED_WELL = frozenset({"success", "skipped", "removed"})

Entry = Mapping[str, Any]


def schedulers(api: Api) -> tuple[str, ...]:
    """Returns the hosts of the schedulers that live; of Airflow 2, which does not tell them, none.

    Raises:
        CannotAsk: No scheduler lives.
        OutsideError: Airflow does not answer, or refuses.

    """
    if api.is_2:
        said = api.get("health").document.get("scheduler") or {}
        if said.get("status") != "healthy":
            since = said.get("latest_scheduler_heartbeat") or "ever"
            raise CannotAsk(f"No scheduler of Airflow at {api.url} has given a sign of life since {since}.")
        return ()
    said = api.get("jobs", job_type="SchedulerJob", is_alive="true", order_by="-latest_heartbeat", limit=100).document
    hosts = tuple(str(one.get("hostname") or "") for one in said.get("jobs") or ())
    if not hosts:
        raise CannotAsk(f"No scheduler of Airflow at {api.url} gives a sign of life.")
    return hosts


def activity(api: Api, since: float | None = None) -> dict[str, Any]:
    """Returns unfinished runs and running tasks, as `query.read` takes them.

    Args:
        api: The API.
        since: As in `Airflow.activity`.

    Raises:
        CannotAsk: There are too many of them to be read.
        OutsideError: Airflow does not answer, or refuses.

    """
    first = api.get(*_TASKS, state="queued", limit=1)
    runs = api.every("dag_runs", "dags", "~", "dagRuns", same=_run, most=_TOO_MANY, state=_UNFINISHED, order_by="id")
    _check_all(len(runs.entries), runs.total, "runs are unfinished")
    order = {} if api.is_2 else {"order_by": "start_date"}
    tasks = api.every("task_instances", *_TASKS, same=_instance, most=_MOST, state=_RUNNING, **order)
    dags = _dags(api, runs.entries)
    return {
        "airflow": api.airflow,
        "asked": first.at,
        "runs": _counted(runs.entries),
        "dags": dags,
        "tasks": sorted(map(_task, tasks.entries), key=lambda one: one["began"] or 0.0),
        "running": tasks.total,
        "queued": first.document.get("total_entries", 0),
        "changed": _changed(api, since),
        "baked": False if api.is_2 else _is_baked(api, runs.entries),
    }


_TASKS = ("dags", "~", "dagRuns", "~", "taskInstances")


def _check_all(read: int, total: int, what: str) -> None:
    if read < total:
        raise CannotAsk(
            f"{total} {what}, and by its REST API Airflow tells of no more than {_TOO_MANY}: leave airflow_token out, "
            "so that it is asked in its scheduler."
        )


def _counted(runs: Iterable[Entry]) -> list[dict[str, Any]]:
    counts = Counter((str(one.get("state")), str(one.get("bundle_version") or "")) for one in runs)
    return [{"state": state, "version": version, "runs": count} for (state, version), count in sorted(counts.items())]


def _dags(api: Api, runs: Iterable[Entry]) -> list[dict[str, Any]]:
    runs = tuple(runs)
    counts, queued = (
        Counter((str(one.get("dag_id")), str(one.get("bundle_version") or "")) for one in some)
        for some in (runs, (one for one in runs if one.get("state") == "queued"))
    )
    ids = sorted({dag_id for dag_id, _ in counts})[:_MOST]
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        known = dict(zip(ids, pool.map(lambda dag_id: _dag(api, dag_id), ids), strict=True))
    return [
        {
            "dag_id": dag_id,
            "paused": bool(dag and dag.get("is_paused")),
            "gone": dag is None or bool(dag.get("is_stale")) or dag.get("is_active") is False,
            "file": str((dag or {}).get("relative_fileloc") or ""),
            "version": version,
            "runs": count,
            "queued": queued[dag_id, version],
        }
        for (dag_id, version), count in sorted(counts.items())
        if dag_id in known and _is_ours(dag := known[dag_id])
    ][:_MOST]


def pools(api: Api) -> frozenset[str]:
    """Returns the names of all pools.

    Raises:
        OutsideError: Airflow does not answer, or refuses.

    """
    found = api.every("pools", "pools", same=lambda one: one.get("name"), most=_TOO_MANY, order_by="id")
    return frozenset(str(one.get("name")) for one in found.entries)


def _dag(api: Api, dag_id: str) -> Entry | None:
    """Returns a DAG; None where Airflow has it no more."""
    try:
        return api.get("dags", dag_id).document
    except NotThere:
        if api.is_2:
            return None
    # It has no code of it any more, and may know it all the same.
    like = {"dag_id_pattern": dag_id, "exclude_stale": "false", "order_by": "dag_id"}
    found = api.every("dags", "dags", same=lambda one: one.get("dag_id"), most=_MOST, **like)
    return next((one for one in found.entries if one.get("dag_id") == dag_id), None)


def _is_ours(dag: Entry | None) -> bool:
    """Whether a DAG is not of another bundle than the image's, nor of a package (examples)."""
    if dag is None:
        return True
    return dag.get("bundle_name") in {None, _BUNDLE} and (
        "bundle_name" in dag or "/site-packages/" not in str(dag.get("fileloc"))
    )


def _changed(api: Api, since: float | None) -> list[dict[str, Any]]:
    if since is None:
        return []
    after = datetime.fromtimestamp(since, UTC).isoformat().replace("+00:00", "Z")
    order = {} if api.is_2 else {"order_by": "id"}
    found = api.every("task_instances", *_TASKS, same=_instance, most=_TOO_MANY, updated_at_gte=after, **order)
    _check_all(len(found.entries), found.total, "tasks changed since")
    odd = (
        one
        for one in found.entries
        if one.get("start_date") and (one.get("state") not in _ENDED_WELL or (one.get("try_number") or 0) > 1)
    )
    return [_task(one) for one in odd][:_MOST]


def _is_baked(api: Api, runs: Iterable[Entry]) -> bool | None:
    """Whether the DAGs are the image's, by the form of the version that Airflow has of them; None where it has none."""
    if any(is_id(str(one.get("bundle_version") or "")) for one in runs):
        return True
    said = api.get("dags", bundle_name=_BUNDLE, limit=100).document.get("dags") or ()
    versions = [str(one.get("bundle_version") or "") for one in said if one.get("bundle_name") == _BUNDLE]
    return any(map(is_id, versions)) if versions else None


def _task(said: Entry) -> dict[str, Any]:
    return {
        "dag_id": said.get("dag_id"),
        "run_id": said.get("dag_run_id"),
        "task_id": said.get("task_id"),
        "map_index": said.get("map_index", -1),
        "try_number": said.get("try_number") or 0,
        "state": said.get("state") or "",
        "host": said.get("hostname") or "",
        "began": _epoch(said.get("start_date")),
        "ended": _epoch(said.get("end_date")),
    }


def _epoch(said: object) -> float | None:
    try:
        return datetime.fromisoformat(said).timestamp() if isinstance(said, str) else None
    except ValueError:
        return None


def _run(said: Entry) -> object:
    return said.get("dag_id"), said.get("dag_run_id")


def _instance(said: Entry) -> object:
    return said.get("dag_id"), said.get("dag_run_id"), said.get("task_id"), said.get("map_index")
