"""Unpauses the DAGs of an Airflow 2 that were paused by us."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from .answer import check_alive
from .pausing import PAUSED, UNPAUSED, given, limit, lock


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
