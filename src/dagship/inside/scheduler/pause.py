"""Pauses DAGs of an Airflow 2, each as soon as no run of it is under way."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any, NamedTuple

from .answer import check_alive, given
from .unpause import PAUSED, UNPAUSED, limit, lock

_EVERY = 0.5
# The scheduler's own transaction may begin a run that is not seen yet: so long nothing runs, seconds.
_QUIET = 3


class _Step(NamedTuple):
    ours: set[str]
    stopped: bool
    running: dict[str, int]
    rows: list[Any]
    frozen: list[str]


def ask(packed: str) -> dict[str, Any]:
    """Returns how far it came within the seconds that it was given."""
    from airflow.models import Log
    from airflow.utils.session import create_session
    from sqlalchemy import func, select
    from sqlalchemy.exc import OperationalError

    say = given(packed)
    dag_ids, end = say["dags"], time.time() + say["seconds"]
    since = datetime.fromtimestamp(say["since"], timezone.utc)
    with create_session() as session:
        check_alive(session)
        unpaused = session.scalar(select(func.max(Log.id)).where(Log.event == UNPAUSED))
        own = select(Log.dag_id).where(Log.event == PAUSED, Log.dttm >= since, Log.dag_id.in_(dag_ids))
        ours = set(session.scalars(own))
    quiet = None
    while True:
        try:
            with create_session() as session:
                found = _step(session, dag_ids, set(ours), unpaused)
        except OperationalError:  # a deadlock, and this was chosen to end it
            if time.time() >= end:
                raise
            time.sleep(_EVERY)
            continue
        ours, now = found.ours, time.time()
        is_quiet = not found.running and all(paused or dag_id in ours for dag_id, paused, _ in found.rows)
        quiet = (quiet or now) if is_quiet else None
        done = quiet is not None and now - quiet >= _QUIET
        if found.stopped or now >= end or found.frozen or done:
            return {
                "paused": sorted(ours),
                "running": found.running,
                "frozen": found.frozen,
                "stopped": found.stopped,
                "done": done,
            }
        time.sleep(_EVERY)


def _step(session: Any, dag_ids: list[str], ours: set[str], unpaused: Any) -> _Step:
    from airflow.models import DagModel, DagRun, Log
    from sqlalchemy import func, select, update

    lock(session, dag_ids)
    # Whoever asked may be gone, and another may have unpaused the DAGs.
    stopped = session.scalar(select(func.max(Log.id)).where(Log.event == UNPAUSED)) != unpaused
    under_way = select(DagRun.dag_id, func.count()).where(DagRun.dag_id.in_(dag_ids), DagRun.state == "running")
    running = dict(session.execute(under_way.group_by(DagRun.dag_id)).all())
    active = select(DagModel.dag_id, DagModel.is_paused, DagModel.max_active_runs)
    rows = session.execute(active.where(DagModel.dag_id.in_(dag_ids), DagModel.is_active.is_(True))).all()
    has_run = select(DagRun.id).where(DagRun.dag_id == DagModel.dag_id, DagRun.state == "running")
    frozen = []
    for dag_id, paused, most in [] if stopped else rows:
        own = update(DagModel).where(DagModel.dag_id == dag_id).execution_options(synchronize_session=False)
        if paused and dag_id in running:
            # A run began in the moment when its DAG was paused: it goes on.
            if dag_id in ours:
                session.execute(own.values(is_paused=False, max_active_runs=0))
                ours.discard(dag_id)
            else:
                frozen.append(dag_id)
        elif not paused and dag_id in running and most != 0:
            session.execute(own.values(max_active_runs=0))
        elif not paused and dag_id not in running:
            free = own.where(DagModel.is_paused.is_(False), ~has_run.correlate(DagModel).exists())
            if session.execute(free.values(is_paused=True)).rowcount:
                session.add(Log(PAUSED, owner="dagship", extra="held for a rollout", dag_id=dag_id))
                ours.add(dag_id)
                if most == 0:
                    session.execute(own.values(max_active_runs=limit(session, dag_id)))
    return _Step(ours, stopped, running, rows, frozen)
