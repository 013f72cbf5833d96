"""Waits until Airflow serves a version that was announced.

`python -m dagship_versions.thin.wait VERSION SERIAL SECONDS` runs where the dag-processor does, and prints JSON. The
dag-processor says itself what it serves and how far it has come; the database knows a moment sooner, and has the
import errors. Airflow is not imported, which takes seconds.
"""

import datetime as dt
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from configparser import Error, RawConfigParser
from dataclasses import dataclass, field
from typing import Any, Optional

from . import served
from .served import Served

_POLL_SECONDS = 0.1
_NO_RESULT = "The dag-processor ended it without a result: it took too long, or its process died."


@dataclass(frozen=True)
class Stored:
    """What the database has of the files that are read anew.

    Attributes:
        versions: Each file with DAGs to the versions that they have.
        errors: Each file with an import error since then to its text.

    """

    versions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


def verdict(said: Optional[Served], stored: Stored, version: str, serial: int) -> "dict[str, Any]":
    """Returns the answer as of now; `done` says whether it is the last. Pure.

    Args:
        said: What the dag-processor says.
        stored: What the database has.
        version: The version that was announced.
        serial: Of its announcement; 0 where what was announced is taken back.

    """
    said = said or Served("")
    answer: dict[str, Any] = {"version": said.version, "why_not": said.why_not, "left": said.left}
    if said.serial != serial or said.version != version:
        refused = 0 < serial < said.serial or (said.serial == serial and bool(said.why_not))
        return {**answer, "served": False, "done": refused, "import_errors": {}}
    files = stored.versions if said.files is None else said.files
    failed = {file: stored.errors.get(file, _NO_RESULT) for file in said.failed}
    failed.update({file: stored.errors[file] for file in files if file in stored.errors and file not in said.broken})
    whole = said.left == 0 or (
        bool(files) and all(stored.versions.get(file) == frozenset((version,)) for file in files)
    )
    # Where all are read anew, for what none of them is alone, those that come last may take minutes.
    begun = said.files is None and any(version in found for found in stored.versions.values())
    return {
        **answer, "served": (whole or begun) and not failed, "done": whole or bool(failed), "import_errors": failed
    }  # fmt: skip


def main(argv: "list[str]", environ: Mapping[str, str]) -> int:
    """Waits, and prints what came of it."""
    version, serial, seconds = argv[0], int(argv[1]), float(argv[2])
    began = time.monotonic()
    database = _Database(environ)
    while True:
        said, stored = served.read(storage(environ)), Stored()
        if said is not None and said.version == version and said.serial == serial:
            stored = database.ask(said)
        answer = verdict(said, stored, version, serial)
        if answer.pop("done") or time.monotonic() - began >= seconds:
            answer.update(seconds=round(time.monotonic() - began, 3), database=database.failed)
            sys.stdout.write(json.dumps(answer) + "\n")
            return 0
        time.sleep(_POLL_SECONDS)


def storage(environ: Mapping[str, str]) -> str:
    """Returns where Airflow keeps what belongs to its bundles."""
    told = environ.get("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH") or _configured(environ)
    return told or os.path.join(tempfile.gettempdir(), "airflow", "dag_bundles")


class _Database:
    """Airflow's database. Where it cannot be asked, what the dag-processor says has to do.

    Args:
        environ: Airflow's environment.

    Attributes:
        failed: The kind of error with which it could not be asked; empty where it could.

    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.failed = ""
        try:
            self._ask = _asking(environ)
        except Exception as failed:  # noqa: BLE001 - of any driver
            self.failed = type(failed).__name__

    def ask(self, said: Served) -> Stored:
        """Returns what it has of the files that are read anew."""
        if not self.failed:
            try:
                return self._ask(said)
            except Exception as failed:  # noqa: BLE001 - of any driver
                self.failed = type(failed).__name__
        return Stored()


def _asking(environ: Mapping[str, str]) -> "Callable[[Served], Stored]":
    import sqlalchemy as sql

    url = environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN")
    if not url:  # it comes from elsewhere, where only Airflow looks
        from airflow.configuration import conf

        url = conf.get("database", "sql_alchemy_conn")
    schema = environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_SCHEMA") or None
    engine = sql.create_engine(url, isolation_level="AUTOCOMMIT")

    def table(name: str, *columns: str) -> Any:
        return sql.table(name, *map(sql.column, columns), schema=schema)

    dag = table("dag", "bundle_name", "bundle_version", "relative_fileloc", "is_stale")
    error = table("import_error", "bundle_name", "filename", "stacktrace", "timestamp")

    def ask(said: Served) -> Stored:
        since = dt.datetime.strptime(said.since, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.timezone.utc)
        stamp = sql.type_coerce(error.c.timestamp, sql.DateTime(timezone=True))
        ours = dag.c.bundle_name == said.bundle, dag.c.is_stale.is_(sql.false())
        dags = sql.select(dag.c.relative_fileloc, dag.c.bundle_version).where(*ours)
        if said.files is not None:
            dags = dags.where(dag.c.relative_fileloc.in_(said.files))
        errors = sql.select(error.c.filename, error.c.stacktrace)
        errors = errors.where(error.c.bundle_name == said.bundle, stamp >= since)
        with engine.connect() as connection:
            versions: dict[str, set[str]] = {}
            for file, version in connection.execute(dags):
                versions.setdefault(str(file), set()).add(str(version))
            # Airflow 3.0 names the file of an error from the root.
            texts = {file.removeprefix(f"{said.dags}/"): str(text) for file, text in connection.execute(errors)}
        return Stored({file: frozenset(found) for file, found in versions.items()}, texts)

    return ask


def _configured(environ: Mapping[str, str]) -> str:
    home = environ.get("AIRFLOW_HOME") or os.path.expanduser("~/airflow")
    parser = RawConfigParser(strict=False)
    try:
        parser.read(environ.get("AIRFLOW_CONFIG") or os.path.join(home, "airflow.cfg"), encoding="utf-8")
    except (Error, OSError, UnicodeDecodeError):
        return ""
    return parser.get("dag_processor", "dag_bundle_storage_path", fallback="")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
