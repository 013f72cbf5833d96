"""Whether the tables are those of this Airflow, said where that is certain without `airflow db check-migrations`.

Airflow's own check imports all of Airflow and of its providers: five seconds of a processor, in each pod that starts.
Here migrations are read as text, as alembic lists them: a head is a revision that no other builds on, and the tables
are Airflow's if the heads that the database has are those of the files (airflow/utils/db.py, check_migrations; from
Airflow 3.0 on those of each provider with tables of its own as well, airflow/utils/db_manager.py).
"""

from __future__ import annotations

import glob
import importlib.metadata
import importlib.util
import os
import re
import sys
from typing import Any

_MANAGERS = "external_db_managers"
_FAB = ".FabAuthManager"
_LINES = re.compile(r"^(revision|down_revision)\b[^=\n]*=\s*(None|\"[^\"]*\"|'[^']*'|\([^)]*\))", re.MULTILINE)
_WORDS = re.compile(r"[\"']([^\"']+)[\"']")


def heads(folder: str) -> set[str]:
    """Returns the revisions of a folder of migrations that no other builds on."""
    found: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for path in glob.glob(os.path.join(glob.escape(folder), "*.py")):
        with open(path, encoding="utf-8") as file:
            for name, value in _LINES.findall(file.read()):
                found[name].update(_WORDS.findall(value))
    return found["revision"] - found["down_revision"]


def expected() -> dict[str, set[str]] | None:
    """Returns the heads that each table of versions is to have, by its name, or None where that is not certain."""
    airflow = importlib.util.find_spec("airflow")  # imports nothing of it
    places = list(airflow.submodule_search_locations or ()) if airflow else []
    if len(places) != 1:
        return None
    tables = {"alembic_version": heads(os.path.join(places[0], "migrations", "versions"))}
    if os.path.exists(os.path.join(places[0], "utils", "db_manager.py")):
        # As it is, or by a command or a secret.
        told = any(name.startswith("AIRFLOW__DATABASE__%s" % _MANAGERS.upper()) for name in os.environ)
        if told or _in_file(_MANAGERS) or _others():
            return None
        for place in sys.path:
            for folder in glob.glob(os.path.join(glob.escape(place), "airflow/providers/*/migrations/versions")):
                provider = os.path.basename(os.path.dirname(os.path.dirname(folder)))
                tables["alembic_version_%s" % provider] = heads(folder)
    return tables if all(tables.values()) else None


def migrated(connection: Any) -> bool | None:  # noqa: ANN401 - SQLAlchemy is the image's
    """Returns whether the tables are those of this Airflow; None where only Airflow can tell.

    Args:
        connection: SQLAlchemy's, to Airflow's database.

    """
    import sqlalchemy

    tables = expected()
    if tables is None:
        return None
    names = set(sqlalchemy.inspect(connection).get_table_names())
    for table, wanted in tables.items():
        if table not in names:
            # Airflow 3.0 gives a provider its tables where it is used, later ones where it is installed.
            is_fab = os.environ.get("AIRFLOW__CORE__AUTH_MANAGER", "").endswith(_FAB)
            return False if table == "alembic_version" or (table == "alembic_version_fab" and is_fab) else None
        column = sqlalchemy.column("version_num")
        rows = connection.execute(sqlalchemy.select(column).select_from(sqlalchemy.table(table, column)))
        if {row[0] for row in rows} != wanted:
            return False
    return True


def _in_file(name: str) -> bool:
    """Whether Airflow's file of settings speaks of a setting."""
    home = os.environ.get("AIRFLOW_HOME", os.path.expanduser("~/airflow"))
    try:
        with open(os.environ.get("AIRFLOW_CONFIG", os.path.join(home, "airflow.cfg")), encoding="utf-8") as file:
            return re.search(r"^\s*%s\s*=\s*\S" % name, file.read(), re.MULTILINE) is not None
    except OSError:
        return False


def _others() -> bool:
    """Whether there are providers that are not of Airflow's own places: they may have tables anywhere."""
    points = importlib.metadata.entry_points()
    group = "apache_airflow_provider"
    found = points.select(group=group) if hasattr(points, "select") else points.get(group, ())
    return any(not point.value.startswith("airflow.providers.") for point in found)
