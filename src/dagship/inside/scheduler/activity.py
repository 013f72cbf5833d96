"""Unfinished runs, running tasks, and the DAG versions of this image."""

from __future__ import annotations

import os
import re
import time
from datetime import datetime, timezone
from typing import Any

from .answer import check_alive

_VERSIONS = "/opt/airflow/dag-versions"
_MOST = 1000
_RUNNING = ["running", "restarting"]


def ask(since: str = "") -> dict[str, Any]:
    """Returns them, and with a moment in epoch seconds also the tasks that changed since, other than to end well."""
    import airflow
    from airflow.configuration import conf
    from airflow.utils.session import create_session

    with create_session() as session:
        check_alive(session)
        found = {**_runs(session), **_tasks(session), "changed": _changed(session, float(since)) if since else []}
    return {
        "airflow": airflow.__version__,
        "asked": time.time(),
        **found,
        **_image(),
        "folder": str(conf.get("core", "dags_folder", fallback="")),
        "baked": "BakedDagBundle" in conf.get("dag_processor", "dag_bundle_config_list", fallback=""),
    }


def _runs(session: Any) -> dict[str, Any]:
    from airflow.models import DagModel, DagRun
    from sqlalchemy import case, func, or_, select

    pin = getattr(DagRun, "bundle_version", None)
    pins = [] if pin is None else [pin]
    is_3 = hasattr(DagModel, "is_stale")
    of_dag = [DagModel.is_stale, DagModel.relative_fileloc] if is_3 else [DagModel.is_active, DagModel.fileloc]
    # Not those of other bundles than the image's, which has the name of Airflow's own, nor of packages (examples).
    # A DAG that was deleted has no row: then all of it is NULL.
    ours = (
        or_(DagModel.bundle_name.is_(None), DagModel.bundle_name == "dags-folder")
        if is_3
        else or_(DagModel.fileloc.is_(None), DagModel.fileloc.not_like("%/site-packages/%"))
    )
    unended = DagRun.state.in_(["queued", "running"])
    by = [DagRun.state, *pins]
    runs = session.execute(select(*by, func.count()).where(unended).group_by(*by)).all()
    by = [DagRun.dag_id, DagModel.is_paused, *of_dag, *pins]
    queued = func.sum(case((DagRun.state == "queued", 1), else_=0))
    dags = session.execute(
        select(*by, queued, func.count())
        .select_from(DagRun)
        .outerjoin(DagModel, DagModel.dag_id == DagRun.dag_id)
        .where(unended, ours)
        .group_by(*by)
        .order_by(DagRun.dag_id)
        .limit(_MOST)
    ).all()
    return {
        "runs": [{"state": _text(row[0]), "version": _text(row[1]) if pins else "", "runs": row[-1]} for row in runs],
        "dags": [
            {
                "dag_id": row[0],
                "paused": bool(row[1]),
                "gone": row[2] is None or bool(row[2]) == is_3,
                "file": _text(row[3]) if is_3 else "",
                "version": _text(row[-3]) if pins else "",
                "runs": row[-1],
                "queued": int(row[-2]),
            }
            for row in dags
        ],
    }


def _tasks(session: Any) -> dict[str, Any]:
    from airflow.models import TaskInstance
    from sqlalchemy import func, select

    state = TaskInstance.state
    running = session.execute(
        select(*_columns()).where(state.in_(_RUNNING)).order_by(TaskInstance.start_date).limit(_MOST)
    ).all()
    counted = select(state, func.count()).where(state.in_(["queued", *_RUNNING])).group_by(state)
    counts = {_text(row[0]): row[1] for row in session.execute(counted)}
    return {
        "tasks": [_task(row) for row in running],
        "running": sum(counts.get(name, 0) for name in _RUNNING),
        "queued": counts.get("queued", 0),
    }


def _changed(session: Any, since: float) -> list[dict[str, Any]]:
    from airflow.models import TaskInstance
    from sqlalchemy import or_, select

    state = TaskInstance.state
    odd = or_(state.is_(None), state.not_in(["success", "skipped", "removed"]), TaskInstance.try_number > 1)
    after = TaskInstance.updated_at >= datetime.fromtimestamp(since, timezone.utc)
    began = TaskInstance.start_date.is_not(None)
    return [_task(row) for row in session.execute(select(*_columns()).where(after, began, odd).limit(_MOST)).all()]


def _columns() -> list[Any]:
    from airflow.models import TaskInstance as Task

    which = [Task.dag_id, Task.run_id, Task.task_id, Task.map_index, Task.try_number]
    return [*which, Task.state, Task.hostname, Task.start_date, Task.end_date]


def _task(row: Any) -> dict[str, Any]:
    return {
        "dag_id": row[0],
        "run_id": row[1],
        "task_id": row[2],
        "map_index": row[3],
        "try_number": row[4] or 0,
        "state": _text(row[5]),
        "host": row[6] or "",
        "began": row[7].timestamp() if row[7] else None,
        "ended": row[8].timestamp() if row[8] else None,
    }


def _image() -> dict[str, Any]:
    held = os.listdir(_VERSIONS) if os.path.isdir(_VERSIONS) else []
    current, file = "", os.path.join(_VERSIONS, "CURRENT")
    if os.path.isfile(file):
        with open(file) as said:
            current = said.read().strip()
    return {
        "held": sorted(name for name in held if re.match("[0-9a-f]+$", name)),
        "current": current,
        "foundation": os.environ.get("DAGSHIP_FOUNDATION", ""),
    }


def _text(value: Any) -> str:
    return "" if value is None else str(getattr(value, "value", value))
