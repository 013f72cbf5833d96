"""What Airflow serves of a DAG version, by the DAGs and import errors that its API tells.

What the dag-processor says of itself is not in the API: that it cannot assemble a version, or which files it reads
anew. So who asks has to know those, or every file with DAGs is waited for; and that one is of no use is known only when
the time is over.
"""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dagship.airflow_api.api import Api
from dagship.inside.scheduler.serving import place, progress

# The bundle that an image brings has the name of Airflow's own.
_BUNDLE = "dags-folder"
_EVERY = 0.5
_MOST, _MOST_ERRORS = 100_000, 500
_LONGEST = 4000


def ask(api: Api, wanted: Mapping[str, Any], began: float) -> dict[str, Any]:
    """Answers once a DAG version is served, or after some seconds; as `inside/scheduler/served.py`.

    Args:
        api: The API.
        wanted: As `serving.progress` takes it, `since` when an import error may be of the version, and `seconds` to
            wait. `alone` is repeated: the DAGs of other files may be of another version. With an empty `version`
            nothing is waited for.
        began: Since when those run that read DAG files, epoch seconds.

    Raises:
        OutsideError: Airflow does not answer, or refuses.

    """
    until = time.monotonic() + wanted["seconds"]
    since = max(began, wanted["since"])
    while True:
        looked = time.monotonic()
        stored = _stored(api)
        version = wanted["version"] or max(stored["dags"], key=lambda dag: dag[3], default=("", "", "", 0.0, 0.0))[2]
        there = {file for _, file, *_ in stored["dags"]}
        found = progress({**wanted, "version": version, "serial": None}, None, stored, began=since, there=there)
        now = time.monotonic()
        if found["done"] or not wanted["version"] or now >= until:
            errors = {file: text[-_LONGEST:] for file, text, _ in stored["errors"][:_MOST_ERRORS]}
            new = {file: text[-_LONGEST:] for file, text in [*found["new"].items()][:_MOST_ERRORS]}
            return {
                **found, "alone": wanted["alone"], "new": new, "errors": errors, "dags": stored["dags"], "since": began,
                "asked": stored["at"],
            }  # fmt: skip
        # One with thousands of DAGs has more to do than to answer this.
        time.sleep(max(_EVERY, 2 * (now - looked)))


def _stored(api: Api) -> dict[str, Any]:
    """What `serving.progress` takes, and when it was so."""
    dags = api.every(
        "dags", "dags", same=lambda one: one.get("dag_id"), most=_MOST, order_by="dag_id",
        **({} if api.is_2 else {"bundle_name": _BUNDLE}),
    )  # fmt: skip
    errors = api.every(
        "import_errors", "importErrors", same=lambda one: one.get("import_error_id"), most=_MOST,
        order_by="import_error_id" if api.is_2 else "id",
    )  # fmt: skip
    rows = [_dag(one, is_2=api.is_2) for one in dags.entries if api.is_2 or one.get("bundle_name") == _BUNDLE]
    wrong = [
        (*place(str(one.get("filename"))), str(one.get("stack_trace") or ""), _epoch(one.get("timestamp")))
        for one in errors.entries
        if api.is_2 or one.get("bundle_name") == _BUNDLE
    ]
    return {
        "at": api.get("version").at,
        "version": None,  # the API does not tell a bundle's
        "dags": [row for row in rows if row[2] or not api.is_2],
        "errors": [(file, text, at) for version, file, text, at in wrong if version or not api.is_2],
        "interval": 0.0,
    }


def _dag(said: Mapping[str, Any], *, is_2: bool) -> tuple[str, str, str, float, float]:
    """Its id, file, version and when it was read; when its structure was stored the API does not tell."""
    read = _epoch(said.get("last_parsed_time"))
    if is_2:
        version, file = place(str(said.get("fileloc")))
        return str(said.get("dag_id")), file, version, read, 0.0
    file = place(str(said.get("relative_fileloc")))[1]
    return str(said.get("dag_id")), file, str(said.get("bundle_version") or ""), read, 0.0


def _epoch(said: object) -> float:
    return datetime.fromisoformat(said).timestamp() if isinstance(said, str) else 0.0
