"""A real Airflow of each minor version of 3, in one container: a run ends on the code that it began with."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dagship.airflow import query, query_scripts
from dagship.airflow.activity import DagRuns, RunCount
from dagship.artifacts import BaseImage
from tests.engine import airflows
from tests.engine.lines import Line


@pytest.mark.parametrize("version", ["3.0.6", "3.1.8", "3.2.2", "3.3.2"])
def test_a_run_ends_on_the_code_that_it_began_with(
    version: str, base_of: Callable[[str], BaseImage], tmp_path: Path
) -> None:
    """Workers have both versions before the DAG processor announces the new one; then a rollback within the image."""
    one = Line(tmp_path, base_of(version))
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
        airflow.execute("touch", "/tmp/go")
        ends("began-on-a")
        airflow.trigger("pinned", "began-on-b")
        ends("began-on-b")

        assert airflow.run("began-on-a") == ("success", old)
        assert airflow.run("began-on-b") == ("success", new)
        assert seen() == [
            "began-on-a first A A",
            "began-on-a second A A A",
            "began-on-b first B B",
            "began-on-b second B B B",
        ]

        # Airflow 3.0 moves a run that has ended to the newest version when a task of it is cleared.
        word = "B" if version.startswith("3.0.") else "A"
        airflow.clear("pinned", "began-on-a", "second")
        airflow.until(lambda: len(seen()) > 4)
        ends("began-on-a")
        assert seen()[4:] == [f"began-on-a second {word} {word} {word}"]

        # Back within the image, while a run of the newer version is in progress.
        airflow.execute("rm", "/tmp/go")
        airflow.trigger("pinned", "on-b-still")
        airflow.until(lambda: "on-b-still first B B" in seen())
        announce(old, DAGSHIP_DAG_VERSION=old)
        airflow.execute("touch", "/tmp/go")
        ends("on-b-still")
        airflow.trigger("pinned", "on-a-again")
        ends("on-a-again")
        assert "on-b-still second B B B" in seen()
        assert "on-a-again second A A A" in seen()


def _is_asked_in_its_own_database(airflow: airflows.Airflow, version: str) -> None:
    """Wherever a command in the container would look; where that cannot be, there is no answer, and no file either."""
    other = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////tmp/other.db"}

    def asked(*argv: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(airflow.execute(*argv, **other).rpartition(query.MARK)[2])
        return found

    live = query.read(asked(*query.argv(query_scripts.LIVE)))
    assert live.runs == (RunCount(version=version, state="running", runs=1),)
    assert live.dags == (DagRuns(dag_id="pinned", version=version, file="pinned.py"),)

    as_it_is = ("python", "-c", query_scripts.ANSWER + query_scripts.LIVE)
    assert asked(*as_it_is)["no_use"] == "its database is not there (sqlite, /tmp/other.db)"
    assert airflow.execute("bash", "-c", "ls /tmp/other.db || true") == ""
    airflow.execute("bash", "-c", "airflow db migrate >/dev/null 2>&1", **other)
    assert str(asked(*as_it_is)["no_use"]).startswith("no scheduler has given a sign of life to its database ever")
