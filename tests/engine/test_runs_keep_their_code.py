"""A real Airflow of each minor version of 3, in one container: a run ends on the code that it began with."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dagship.airflow import query, scheduler_python
from dagship.airflow.activity import DagRuns, RunCount
from dagship.inside.scheduler.answer import MARK
from dagship.model.artifacts import BaseImage
from tests.engine import airflows
from tests.engine.lines import Line


@pytest.mark.parametrize("version", ["3.0.6", "3.1.8", "3.2.2", "3.3.2"])
def test_a_run_ends_on_the_code_that_it_began_with(
    version: str, base_of: Callable[[str], BaseImage], tmp_path: Path
) -> None:
    """Workers have both versions before the DAG processor announces the new one; then a rollback within the image."""
    one = Line(tmp_path, base_of(version), dags="flows", include="lib/included")
    a = one.build("A")
    image = one.build("B", previous=a.reference)
    old, new = a.dag_version, image.dag_version

    with airflows.running(image.reference) as airflow:

        def seen() -> list[str]:
            return airflow.execute("bash", "-c", "cat /tmp/seen 2>/dev/null || true").splitlines()

        def announce(expected: str, **environment: str) -> None:
            airflow.announce(**environment)
            airflow.until(lambda: airflow.announced("pinned") == expected)

        def ends(run_id: str) -> None:
            airflow.until(lambda: airflow.run(run_id)[0] in ("success", "failed"))

        announce(old, DAGSHIP_DAG_VERSION=old)
        airflow.trigger("pinned", "began-on-a")
        airflow.until(lambda: "began-on-a first A A" in seen())
        announce(new)
        _is_asked_in_its_own_database(airflow, old)
        _a_database_without_a_scheduler_gives_no_answer(airflow)
        _dags_of_another_bundle_are_none_of_the_images(airflow)
        airflow.execute("touch", "/tmp/go")
        ends("began-on-a")
        airflow.trigger("pinned", "began-on-b")
        ends("began-on-b")

        assert airflow.run("began-on-a") == ("success", old)
        assert airflow.run("began-on-b") == ("success", new)
        assert seen() == [
            "began-on-a first A A",
            "began-on-a second A A A A A",
            "began-on-b first B B",
            "began-on-b second B B B B B",
        ]

        # Airflow 3.0 moves a run that has ended to the newest version when a task of it is cleared.
        word = "B" if version.startswith("3.0.") else "A"
        airflow.clear("pinned", "began-on-a", "second")
        airflow.until(lambda: len(seen()) > 4)
        ends("began-on-a")
        assert seen()[4:] == [f"began-on-a second {' '.join([word] * 5)}"]

        # Back within the image, while a run of the newer version is in progress.
        airflow.execute("rm", "/tmp/go")
        airflow.trigger("pinned", "on-b-still")
        airflow.until(lambda: "on-b-still first B B" in seen())
        announce(old, DAGSHIP_DAG_VERSION=old)
        airflow.execute("touch", "/tmp/go")
        ends("on-b-still")
        airflow.trigger("pinned", "on-a-again")
        ends("on-a-again")
        assert airflow.run("on-b-still") == ("success", new), airflow.logs()
        assert airflow.run("on-a-again") == ("success", old), airflow.logs()
        assert "on-b-still second B B B B B" in seen()
        assert "on-a-again second A A A A A" in seen()


_OTHER = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////tmp/other.db"}


def _asked(airflow: airflows.Airflow, *argv: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(airflow.execute(*argv, **_OTHER).rpartition(MARK)[2])
    return found


def _is_asked_in_its_own_database(airflow: airflows.Airflow, version: str) -> None:
    """Wherever a command in the container would look."""
    live = query.read(_asked(airflow, *scheduler_python.argv("activity")))

    assert live.runs == (RunCount(version=version, state="running", runs=1),)
    assert live.dags == (DagRuns(dag_id="pinned", version=version, file="pinned.py"),)


def _a_database_without_a_scheduler_gives_no_answer(airflow: airflows.Airflow) -> None:
    """And where there is none, no file is made."""
    as_it_is = scheduler_python.argv("activity", command="")

    assert _asked(airflow, *as_it_is)["no_use"] == "its database is not there (sqlite, /tmp/other.db)"
    assert airflow.execute("bash", "-c", "ls /tmp/other.db || true") == ""
    airflow.execute("bash", "-c", "airflow db migrate >/dev/null 2>&1", **_OTHER)
    answer = str(_asked(airflow, *as_it_is)["no_use"])
    assert answer.startswith("no scheduler has given a sign of life to its database ever")


# A DAG like `pinned`, of another bundle, with an unfinished run.
_ANOTHER = """
import sqlite3
with sqlite3.connect("/tmp/airflow.db", timeout=60) as database:
    of_run = {"id": "id + 1000", "bundle_version": "NULL", "created_dag_version_id": "NULL"}
    for table, other in (("dag", {"bundle_name": "'another'"}), ("dag_run", of_run)):
        names = [row[1] for row in database.execute("PRAGMA table_info(%s)" % table)]
        values = [{"dag_id": "'another'", **other}.get(name, name) for name in names]
        database.execute("INSERT INTO %s (%s) SELECT %s FROM %s WHERE dag_id = 'pinned'" % (
            table, ", ".join(names), ", ".join(values), table))
"""
_NO_OTHER = """
import sqlite3
with sqlite3.connect("/tmp/airflow.db", timeout=60) as database:
    for table in ("dag_run", "dag"):
        database.execute("DELETE FROM %s WHERE dag_id = 'another'" % table)
"""


def _dags_of_another_bundle_are_none_of_the_images(airflow: airflows.Airflow) -> None:
    """No image has them: that they are not in the one which is rolled out says nothing. Their runs count all the same."""
    airflow.execute("python", "-c", _ANOTHER)
    said = airflow.execute(*scheduler_python.argv("activity"))
    airflow.execute("python", "-c", _NO_OTHER)
    live = query.read(json.loads(said.rpartition(MARK)[2]))

    assert [one.dag_id for one in live.dags] == ["pinned"]
    assert sum(one.runs for one in live.runs) == 2
