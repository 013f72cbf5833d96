"""The DAGs and import errors in Airflow's database, as Airflow 2 and 3 store them; Airflow itself is not imported."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
from typing import Any, Callable, Mapping

from .answer import NoUse
from .serving import place


class Database:
    """Airflow's database. Where it cannot be asked, what the dag-processor says has to do.

    Args:
        environ: Airflow's environment.
        interval: Seconds in which Airflow stores no structure of a DAG twice.

    Attributes:
        failed: The kind of error with which it could not be asked; empty where it could.

    """

    def __init__(self, environ: Mapping[str, str], interval: float) -> None:
        self.failed = ""
        self._read: Callable[[str], dict[str, Any]] | None = None
        try:
            self._read = _reading(environ, interval)
        except Exception as failed:  # noqa: BLE001 - of any driver
            self.failed = str(failed) if isinstance(failed, NoUse) else type(failed).__name__

    @property
    def is_there(self) -> bool:
        """Whether it is known, and may be asked again where it did not answer."""
        return self._read is not None

    def stored(self, bundle: str) -> dict[str, Any] | None:
        """Returns what it has, as `serving.progress` takes it."""
        if self._read is None:
            return None
        try:
            return self._read(bundle)
        except Exception as failed:  # noqa: BLE001 - of any driver
            self.failed = type(failed).__name__
            return None


def _reading(environ: Mapping[str, str], interval: float) -> Callable[[str], dict[str, Any]]:
    import sqlalchemy as sql

    engine, is_2 = _engine(environ), _release().startswith("2.")
    schema = environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_SCHEMA") or None

    def table(name: str, *columns: str) -> Any:
        return sql.table(name, *map(sql.column, columns), schema=schema)

    def moment(column: Any) -> Any:
        return sql.type_coerce(column, sql.DateTime(timezone=True))

    dag = table("dag", "dag_id", "bundle_name", "bundle_version", "relative_fileloc", "is_stale", "last_parsed_time")
    error = table("import_error", "bundle_name", "filename", "stacktrace", "timestamp")
    bundles = table("dag_bundle", "name", "version")
    text = table("serialized_dag", "dag_id", "last_updated")
    last = sql.select(text.c.dag_id, moment(sql.func.max(text.c.last_updated))).group_by(text.c.dag_id)
    errors = sql.select(error.c.filename, error.c.stacktrace, moment(error.c.timestamp))

    def read_3(bundle: str) -> dict[str, Any]:
        ours = dag.c.bundle_name == bundle, dag.c.is_stale.is_(sql.false())
        of_dag = dag.c.dag_id, dag.c.relative_fileloc, dag.c.bundle_version, moment(dag.c.last_parsed_time)
        with engine.connect() as connection:
            rows = connection.execute(sql.select(*of_dag).where(*ours)).all()
            wrong = connection.execute(errors.where(error.c.bundle_name == bundle)).all()
            version = connection.execute(sql.select(bundles.c.version).where(bundles.c.name == bundle)).scalar()
            # A scan of a table that grows with every change of a DAG: only where it makes a difference.
            kept = {row[0]: row[1] for row in connection.execute(last)} if interval else {}
        return {
            "version": version or "",
            "dags": [
                (row[0], place(str(row[1]))[1], row[2] or "", _epoch(row[3]), _epoch(kept.get(row[0]))) for row in rows
            ],
            "errors": [(place(row[0])[1], row[1] or "", _epoch(row[2])) for row in wrong],
            "interval": interval,
        }

    def read_2(_bundle: str) -> dict[str, Any]:
        """What the scheduler goes by: a DAG that was read has its new file there only once it is serialized."""
        old = table("dag", "dag_id", "is_active", "last_parsed_time")
        text = table("serialized_dag", "dag_id", "fileloc")
        asked = sql.select(old.c.dag_id, text.c.fileloc, moment(old.c.last_parsed_time))
        asked = asked.where(old.c.dag_id == text.c.dag_id, old.c.is_active.is_(sql.true()))
        with engine.connect() as connection:
            rows = [(row[0], *place(str(row[1])), _epoch(row[2])) for row in connection.execute(asked)]
            wrong = [(*place(str(row[0])), row[1] or "", _epoch(row[2])) for row in connection.execute(errors)]
        own = [(dag_id, file, version, at, 0.0) for dag_id, version, file, at in rows if version]
        newest = max(own, key=lambda row: row[3], default=("", "", "", 0.0, 0.0))
        return {
            "version": newest[2] or None,
            "dags": own,
            "errors": [(file, said, at) for version, file, said, at in wrong if version],
            "interval": 0.0,  # a DAG has its new file there with its structure
        }

    return read_2 if is_2 else read_3


def _release() -> str:
    """Airflow's version; its core has it where the package around that is not installed."""
    try:
        return importlib.metadata.version("apache-airflow")
    except importlib.metadata.PackageNotFoundError:
        return importlib.metadata.version("apache-airflow-core")


def _engine(environ: Mapping[str, str]) -> Any:
    """The database's engine; of an address that comes from elsewhere, or has an old form, Airflow itself knows."""
    import sqlalchemy as sql

    url = environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN")
    if not url:
        from airflow.configuration import conf

        url = conf.get("database", "sql_alchemy_conn")
    address = sql.engine.make_url(url)
    if address.get_backend_name() == "sqlite" and not os.path.exists(address.database or ""):
        raise NoUse("its database is not there")  # a connection would make it
    return sql.create_engine(address, isolation_level="AUTOCOMMIT")


def _epoch(moment: Any) -> float:
    if moment is None:
        return 0.0
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)
    return float(aware.timestamp())
