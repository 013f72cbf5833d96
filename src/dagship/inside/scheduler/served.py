"""What Airflow serves: its DAGs and import errors as its database has them, and what the dag-processor itself says.

It is asked where the dag-processor runs, or the scheduler of an Airflow 2 that parses by itself, and waits there until
a DAG version is served. Airflow is not imported, which takes seconds, unless it alone knows its database.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import tempfile
import time
from configparser import Error, RawConfigParser
from typing import Any, Mapping

from .answer import NoUse, redacted
from .serving import progress, rest
from .stored import Database

_POLL_SECONDS = 0.1
_VERSIONS = "/opt/airflow/dag-versions"
# The image's own bundle has the name of Airflow's own.
_BUNDLE = "dags-folder"
# Airflow's own, where nothing says another.
_STORES_EVERY = 30.0
_MOST_ERRORS = 500
_LONGEST = 4000


def ask(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Answers once a DAG version is served, or after some seconds.

    Args:
        wanted: As `serving.progress` takes it, and `seconds` to wait. With an empty `version` nothing is waited for.

    """
    until, began = time.monotonic() + wanted["seconds"], _began()
    database = Database(os.environ, interval(os.environ))
    while True:
        looked = time.monotonic()
        said = said_by(storage(os.environ))
        stored = database.stored((said or {}).get("bundle") or _BUNDLE)
        now = time.monotonic()
        if said is None and stored is None:
            if now >= until or not database.is_there:
                raise NoUse(f"its database could not be asked ({database.failed})")
            time.sleep(_POLL_SECONDS)
            continue
        version = wanted["version"] or (said or stored or {}).get("version") or ""
        there = _there(version, said, stored)
        found = progress({**wanted, "version": version}, said, stored, began=began, there=there)
        if found["done"] or not wanted["version"] or now >= until:
            since = (said or {}).get("began", began)
            left = rest(stored["dags"], stored["interval"], time.time()) if stored else None
            return {**found, **_told(found["new"], stored), "since": since, "asked": time.time(), "rest": left}
        # A database with thousands of DAGs has more to do than to answer this.
        time.sleep(max(_POLL_SECONDS, 2 * (now - looked)))


def said_by(where: str) -> dict[str, Any] | None:
    """Returns what a dag-processor of an image of ours has written of itself; None where there is nothing to read."""
    try:
        with open(os.path.join(where, "served.json"), encoding="utf-8") as file:
            found = json.load(file)
        began = dt.datetime.strptime(found["since"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.timezone.utc)
        return {**found, "began": began.timestamp()}
    except (OSError, ValueError, TypeError, KeyError):
        return None


def storage(environ: Mapping[str, str]) -> str:
    """Returns where Airflow keeps what belongs to its bundles."""
    told = _setting(environ, "dag_processor", "dag_bundle_storage_path")
    return told or os.path.join(tempfile.gettempdir(), "airflow", "dag_bundles")


def interval(environ: Mapping[str, str]) -> float:
    """Returns the seconds in which Airflow stores no structure of a DAG twice."""
    try:
        return max(float(_setting(environ, "core", "min_serialized_dag_update_interval") or _STORES_EVERY), 0.0)
    except ValueError:  # with which no dag-processor starts
        return 0.0


def _setting(environ: Mapping[str, str], section: str, option: str) -> str:
    return environ.get(f"AIRFLOW__{section.upper()}__{option.upper()}") or _configured(environ, section, option)


def _configured(environ: Mapping[str, str], section: str, option: str) -> str:
    home = environ.get("AIRFLOW_HOME") or os.path.expanduser("~/airflow")
    parser = RawConfigParser(strict=False)
    try:
        parser.read(environ.get("AIRFLOW_CONFIG") or os.path.join(home, "airflow.cfg"), encoding="utf-8")
    except (Error, OSError, UnicodeDecodeError):
        return ""
    return parser.get(section, option, fallback="")


def _told(new: Mapping[str, str], stored: dict[str, Any] | None) -> dict[str, Any]:
    """What is said of all that is stored: the DAGs, and every import error."""
    errors = {file: text for file, text, _ in stored["errors"]} if stored else {}
    return {"dags": stored["dags"] if stored else [], "new": _shown(new), "errors": _shown(errors)}


def _shown(errors: Mapping[str, str]) -> dict[str, str]:
    return {file: redacted(text)[-_LONGEST:] for file, text in [*errors.items()][:_MOST_ERRORS]}


def _there(version: str, said: dict[str, Any] | None, stored: dict[str, Any] | None) -> set[str]:
    at = (said or {}).get("dags") or os.path.join(_VERSIONS, version, "dags")
    files = {file for _, file, *_ in (stored or {"dags": ()})["dags"]}
    return {file for file in files if os.path.exists(os.path.join(at, file))}


def _began() -> float:
    """When the first process of this container began, epoch seconds, not later than it did."""
    try:
        with open("/proc/1/stat", encoding="ascii", errors="replace") as file:
            ticks = int(file.read().rpartition(")")[2].split()[19])
        with open("/proc/stat", encoding="ascii", errors="replace") as file:
            boot = next(int(line.split()[1]) for line in file if line.startswith("btime"))
        return boot + ticks / os.sysconf("SC_CLK_TCK") - 1
    except (OSError, ValueError, IndexError, StopIteration):
        return 0.0
