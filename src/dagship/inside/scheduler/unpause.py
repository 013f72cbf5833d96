"""Unpauses the DAGs of an Airflow 2 that were paused by us, and has the steps that pausing them shares.

A paused DAG of Airflow 2 starts no tasks, of runs under way neither: those would never end. So a DAG is paused in a
moment when none of its runs is under way, and until then no further run of it begins: its limit of active runs is 0 in
the database, which the parsing of its file puts right within half a minute, whatever becomes of us.

Each pause is in Airflow's audit log, in the transaction that makes it: so exactly what was paused is unpaused.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from .answer import check_alive, given

PAUSED, UNPAUSED = "dagship hold", "dagship release"
"""Events of Airflow's audit log."""


def ask(packed: str) -> dict[str, Any]:
    """Returns those that were."""
    from airflow.models import DagModel, Log
    from airflow.utils.session import create_session
    from sqlalchemy import func, select, update

    say = given(packed)
    dag_ids, since = say["dags"], datetime.fromtimestamp(say["since"], timezone.utc)
    unpaused = []
    with create_session() as session:
        check_alive(session)
        lock(session, dag_ids)
        session.add(Log(UNPAUSED, owner="dagship"))
        own = select(Log.dag_id, func.max(Log.dttm)).where(Log.event == PAUSED, Log.dttm >= since)
        paused = dict(session.execute(own.where(Log.dag_id.in_(dag_ids)).group_by(Log.dag_id)).all())
        rows = session.execute(select(DagModel.dag_id, DagModel.max_active_runs).where(DagModel.dag_id.in_(dag_ids)))
        for dag_id, most in rows.all():
            dag = update(DagModel).where(DagModel.dag_id == dag_id).execution_options(synchronize_session=False)
            if most == 0:
                session.execute(dag.values(max_active_runs=limit(session, dag_id)))
            still = dag.where(DagModel.is_paused.is_(True))
            if dag_id in paused and session.execute(still.values(is_paused=False)).rowcount:
                unpaused.append(dag_id)
                _queue(session, dag_id, paused[dag_id])
    return {"unpaused": sorted(unpaused)}


def _queue(session: Any, dag_id: str, since: datetime) -> None:
    """Queues a DAG for the events of its datasets, which Airflow does not while it is paused."""
    from airflow.models.dataset import DagScheduleDatasetReference, DatasetDagRunQueue, DatasetEvent
    from sqlalchemy import func, select

    wanted = select(DagScheduleDatasetReference.dataset_id).where(DagScheduleDatasetReference.dag_id == dag_id)
    for dataset in session.scalars(wanted).all():
        of_it = select(func.count()).select_from(DatasetEvent).where(DatasetEvent.dataset_id == dataset)
        if session.scalar(of_it.where(DatasetEvent.timestamp >= since)):
            session.merge(DatasetDagRunQueue(dataset_id=dataset, target_dag_id=dag_id))


def lock(session: Any, dag_ids: list[str]) -> None:
    """Locks DAGs, first in a transaction: who pauses and who unpauses come one after the other, and see each other."""
    from airflow.models import DagModel
    from sqlalchemy import select

    rows = select(DagModel.dag_id).where(DagModel.dag_id.in_(dag_ids)).order_by(DagModel.dag_id).with_for_update()
    session.execute(rows).all()


def limit(session: Any, dag_id: str) -> int:
    """Returns how many runs of a DAG may be active at a time, as its file says."""
    from airflow.configuration import conf
    from airflow.models.serialized_dag import SerializedDagModel

    row = SerializedDagModel.get(dag_id, session=session)
    own = row.dag.max_active_runs if row else None
    found: int = conf.getint("core", "max_active_runs_per_dag") if own is None else own
    return found
