"""A smoke run: begins it where it is not there, and waits for its end; or ends it."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any

from .answer import check_alive, given, redacted

_EVERY = 1.0
_UNFINISHED = ["queued", "running"]
_MOST = 20


def ask(packed: str) -> dict[str, Any]:
    """Answers once a run has ended, or after some seconds.

    The packed arguments: `dag_id`; `run_id` of the run to begin, empty to look alone; `prefix` by which one that has
    begun already is taken in its place, where it has not ended; `mark` that all of them begin with; `version` at which
    the DAG has to be read before one begins, or empty; `seconds`. With `end` the run is marked as failed where it has
    not ended, and nothing is waited for.
    """
    from airflow.utils.session import create_session

    say = given(packed)
    until = time.monotonic() + say["seconds"]
    with create_session() as session:
        check_alive(session)
        if say["end"]:
            _end(session, say["dag_id"], say["run_id"])
            return {"run_id": say["run_id"], **_state(session, say["dag_id"], say["run_id"])}
        found = _before(session, say)
    if found["obstacle"] or not say["run_id"]:
        return found
    if not found["run_id"]:
        if not _is_read(say["dag_id"], say["version"], until):
            return found
        why = _begin(say["dag_id"], say["run_id"])
        if why:
            return {**found, "obstacle": "refused", "said": why}
        found["run_id"] = say["run_id"]
    while True:
        with create_session() as session:
            found.update(_state(session, say["dag_id"], found["run_id"]))
        if found["state"] not in _UNFINISHED or time.monotonic() >= until:
            return found
        time.sleep(_EVERY)


def _before(session: Any, say: dict[str, Any]) -> dict[str, Any]:
    from airflow.models import DagModel, DagRun
    from sqlalchemy import select

    is_3 = hasattr(DagModel, "is_stale")
    dag = session.scalar(select(DagModel).where(DagModel.dag_id == say["dag_id"]))
    of_dag = select(DagRun.run_id, DagRun.state).where(DagRun.dag_id == say["dag_id"])
    marked = DagRun.run_id.startswith(say["mark"], autoescape=True)
    rows = session.execute(of_dag.where(marked, DagRun.state.in_(_UNFINISHED)).order_by(DagRun.id)).all()
    ids = [row[0] for row in rows]
    known = session.scalar(select(DagRun.run_id).where(DagRun.dag_id == say["dag_id"], DagRun.run_id == say["run_id"]))
    own = known or next((one for one in ids if say["prefix"] and one.startswith(say["prefix"])), "")
    is_gone = dag is None or (dag.is_stale if is_3 else not dag.is_active)
    return {
        "run_id": own,
        "is_3": is_3,
        "obstacle": "gone" if is_gone else "paused" if dag.is_paused else "",
        "others": [one for one in ids if one != own][:_MOST],
    }


def _is_read(dag_id: str, version: str, until: float) -> bool:
    """Waits until new runs of a DAG get a version; returns whether they do.

    Where a version that is announced does not touch the DAG's file, a dag-processor reads it when its turn comes, and
    not to serve the version. Asked as by the button of Airflow's page, it does so next.
    """
    from airflow.models import DagModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    while True:
        with create_session() as session:
            dag = session.scalar(select(DagModel).where(DagModel.dag_id == dag_id))
            if not version or getattr(dag, "bundle_version", None) in (None, "", version):
                return True
            _hurry(session, dag)
        if time.monotonic() >= until:
            return False
        time.sleep(_EVERY)


def _hurry(session: Any, dag: Any) -> None:
    from airflow.models.dagbag import DagPriorityParsingRequest as Request
    from sqlalchemy import select

    of_file = (Request.bundle_name == dag.bundle_name, Request.relative_fileloc == dag.relative_fileloc)
    if session.scalar(select(Request.id).where(*of_file)) is None:
        session.add(Request(bundle_name=dag.bundle_name, relative_fileloc=dag.relative_fileloc))


def _begin(dag_id: str, run_id: str) -> str:
    """Begins a run; returns why Airflow refuses that, or nothing."""
    from airflow.api.common.trigger_dag import trigger_dag
    from airflow.exceptions import AirflowException

    now = datetime.now(timezone.utc)
    try:
        from airflow.utils.types import DagRunTriggeredByType
    except ImportError:  # Airflow 2
        more: dict[str, Any] = {"execution_date": now}
    else:
        # Templates of DAGs have a date with a logical date alone.
        more = {"logical_date": now, "triggered_by": DagRunTriggeredByType.CLI}
    try:
        trigger_dag(dag_id, run_id=run_id, replace_microseconds=False, **more)
    except (AirflowException, ValueError) as why:
        return redacted(str(why))[:1000] or type(why).__name__
    return ""


def _end(session: Any, dag_id: str, run_id: str) -> None:
    """Marks a run as failed by what Airflow's own page does: tasks that run are ended, those to come are skipped."""
    from airflow.api.common.mark_tasks import set_dag_run_state_to_failed
    from airflow.models.serialized_dag import SerializedDagModel

    if _state(session, dag_id, run_id)["state"] in _UNFINISHED:
        dag = SerializedDagModel.get_dag(dag_id, session=session)
        set_dag_run_state_to_failed(dag=dag, run_id=run_id, commit=True, session=session)
        session.flush()
        session.expire_all()


def _state(session: Any, dag_id: str, run_id: str) -> dict[str, Any]:
    from airflow.models import DagRun, TaskInstance
    from sqlalchemy import select

    run = session.scalar(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
    if run is None:
        return {"state": ""}
    wrong = select(TaskInstance.task_id, TaskInstance.map_index).where(
        TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id, TaskInstance.state == "failed"
    )
    rows = session.execute(wrong.order_by(TaskInstance.task_id, TaskInstance.map_index).limit(_MOST)).all()
    return {
        "state": str(getattr(run.state, "value", run.state)),
        "version": str(getattr(run, "bundle_version", None) or ""),
        "failed": [task if index < 0 else "%s[%s]" % (task, index) for task, index in rows],
    }
