"""Steps that pausing and unpausing DAGs of an Airflow 2 share.

A paused DAG of Airflow 2 starts no tasks, of runs under way neither: those would never end. So a DAG is paused in a
moment when none of its runs is under way, and until then no further run of it begins: its limit of active runs is 0 in
the database, which the parsing of its file puts right within half a minute, whatever becomes of us.

Each pause is in Airflow's audit log, in the transaction that makes it: so exactly what was paused is unpaused.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

PAUSED, UNPAUSED = "dagship hold", "dagship release"
"""Events of Airflow's audit log."""


def given(packed: str) -> Any:
    """Returns what was given, as JSON packed."""
    return json.loads(zlib.decompress(base64.urlsafe_b64decode(packed)))


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
