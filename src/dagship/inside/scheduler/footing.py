"""What a release meets besides runs: the pools, and when the last scheduled run of some DAGs was made."""

from __future__ import annotations

from typing import Any

from .answer import check_alive, given

_MOST = 10_000


def ask(packed: str) -> dict[str, Any]:
    """Returns the names of all pools, and the end of the last scheduled run's interval, epoch seconds, by DAG."""
    from airflow.models import DagRun, Pool
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    ended = func.max(DagRun.data_interval_end)
    scheduled = DagRun.dag_id.in_(given(packed)), DagRun.run_type == "scheduled"
    with create_session() as session:
        check_alive(session)
        pools = session.scalars(select(Pool.pool).limit(_MOST)).all()
        last = session.execute(select(DagRun.dag_id, ended).where(*scheduled).group_by(DagRun.dag_id)).all()
    return {"pools": list(pools), "last": {dag_id: when.timestamp() for dag_id, when in last if when}}
