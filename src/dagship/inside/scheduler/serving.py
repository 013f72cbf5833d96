"""How far Airflow is with serving a DAG version, by what its dag-processor says and what its database has. Pure."""

from __future__ import annotations

import re
from typing import Any, Collection, Mapping

NO_RESULT = "The dag-processor ended it without a result: it took too long, or its process died."

# Where a version lies. Airflow 2 names every file from the root, Airflow 3.0 those with an import error.
_FROM_THE_ROOT = re.compile(r"^/.*?/([0-9a-f]{12})/dags/(.*)$")
_IN_ARCHIVE = re.compile(r"^(.*?\.zip)/.*$")
_WAITING = 5


def place(file: str) -> tuple[str, str]:
    """Returns the DAG version and the file in its DAG directory that a name from the root tells.

    Of a name that is relative already, or lies elsewhere, the version is empty. A file in an archive is the archive.
    """
    found = _FROM_THE_ROOT.match(file)
    version, path = found.groups() if found else ("", file)
    return version, _IN_ARCHIVE.sub(r"\1", path)


def progress(
    wanted: Mapping[str, Any],
    said: Mapping[str, Any] | None,
    stored: Mapping[str, Any] | None,
    *,
    began: float,
    there: Collection[str],
) -> dict[str, Any]:
    """Returns how far it is; `done` says whether to wait is of no more use.

    Args:
        wanted: `version`; `serial` of its announcement, 0 where one is taken back, None where pods have moved; `files`
            that are to be read, None for those that had DAGs; `anew`, whether it was served before and each file is to
            have been read since; `broken`, the files that could not be read before, None where that is not known.
        said: What the dag-processor says of itself, as `versions/thin/served.py` writes it; None where it says nothing.
        stored: `version` of the bundle, None where it has none; `dags`, each (id, file, version, epoch seconds when it
            was read, and when its structure was stored, 0 where that is not known); `errors`, each (file, text, epoch
            seconds); `interval`, the seconds in which no structure is stored twice. None where the database could not
            be asked.
        began: When the process began, epoch seconds.
        there: Of the files with DAGs those that the version has.

    """
    version, serial, of = wanted["version"], wanted["serial"], said or {}
    state = {"version": str(of.get("version") or ""), "why_not": str(of.get("why_not") or ""), "left": -1, "new": {}}
    announced, heard = serial is not None, of.get("serial", 0)
    is_other = of.get("version") != version or (announced and of.get("serial") != serial)
    if is_other and (announced or said is not None):
        refused = announced and (0 < serial < heard or (heard == serial and bool(state["why_not"])))
        return {**state, "served": False, "done": refused}
    since = float(of.get("began", began))
    alone = of.get("files") if announced else None
    files = alone if alone is not None else wanted["files"] if wanted["files"] is not None else there
    rows = stored["dags"] if stored else ()
    not_stored = held(rows, version, stored["interval"]) if stored else set()
    errors = {file: text for file, text, at in (stored["errors"] if stored else ()) if at >= since}
    read = {file for _, file, its, at, _ in rows if its == version and (at >= since or not wanted["anew"])} - not_stored
    waiting = [file for file in files if file not in read and file not in errors]
    kept_back = sorted(not_stored.intersection(waiting))
    counted = of.get("left", -1)
    # The database has the version of a bundle before any file of it.
    known = stored is not None and (bool(files) or said is None) and stored["version"] in (version, None)
    whole = (counted == 0 and not kept_back) or (known and not waiting)
    new = _new(wanted, of, errors, alone) if wanted["broken"] is not None or said is not None else {}
    return {
        **state,
        "version": version,
        "served": whole and not new,
        "done": whole or bool(new),
        "left": 0 if whole else len(waiting) if stored else counted,
        "waiting": [] if whole else waiting[:_WAITING],
        "held": [] if whole else kept_back[:_WAITING],
        "alone": alone,
        "new": new,
    }


def held(rows: Collection[Any], version: str, interval: float) -> set[str]:
    """Returns the files of which a DAG got the version, and maybe not its structure.

    Airflow 3 gives a DAG the version whenever it has read the file, and stores the structure only where that was not
    stored within the interval before (3.0.6 and 3.3.2, `models/serialized_dag.py`, `write_dag`). In the database a
    structure that came with the version is of no earlier moment than the reading.

    Args:
        rows: The DAGs, as in `progress`.
        version: The DAG version.
        interval: `[core] min_serialized_dag_update_interval`, seconds.

    """
    return {file for _, file, its, read, kept in rows if its == version and read - interval < kept < read}


def rest(rows: Collection[Any], interval: float, now: float) -> float:
    """Returns the seconds until the structure of every DAG would be stored again; `now` is in epoch seconds."""
    last = max((kept for *_, kept in rows), default=0.0)
    return min(max(last + interval - now, 0.0), interval)


def _new(
    wanted: Mapping[str, Any], of: Mapping[str, Any], errors: Mapping[str, str], alone: Collection[str] | None
) -> dict[str, str]:
    """The import errors that were none before; where some files alone are read anew, those of them."""
    broken = {*(wanted["broken"] or ()), *of.get("broken", ())}
    found = {file: text for file, text in errors.items() if alone is None or file in alone}
    found.update({file: errors.get(file, NO_RESULT) for file in of.get("failed", ())})
    return {file: text for file, text in found.items() if file not in broken}
