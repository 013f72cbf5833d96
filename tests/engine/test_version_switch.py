"""A real dag-processor of each minor version of 3: what is stored as a version is of that version alone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dagship.airflow.served import Wanted
from dagship.model.artifacts import BaseImage
from dagship.rollout.thin.patience import STORE
from tests.builders.mounts import Mount
from tests.engine import airflows
from tests.engine.lines import Line
from tests.engine.switching import Announcing, Switching

# What the scheduler leaves for the dag-processor when runs of a version have failed.
_FAILED = """
import sys
from airflow.callbacks.callback_requests import DagCallbackRequest
from airflow.models.db_callback_request import DbCallbackRequest
from airflow.utils.session import create_session
with create_session() as session:
    for name in ("one", "two"):
        told = dict(dag_id=name, filepath=name + ".py", run_id="run-of-" + name, msg="failed")
        callback = DagCallbackRequest(bundle_name="dags-folder", bundle_version=sys.argv[1], **told)
        session.add(DbCallbackRequest(priority_weight=1, callback=callback))
"""
_CHANGE = """
import sqlite3, sys
with sqlite3.connect("/tmp/airflow.db", timeout=60) as database:
    database.execute(sys.argv[1])
"""


@pytest.mark.parametrize("version", airflows.RELEASES)
def test_what_is_being_parsed_or_queued_at_a_switch_is_not_stored_under_the_new_version(
    version: str, base_of: Callable[[str], BaseImage], tmp_path: Path
) -> None:
    image = Line(tmp_path, base_of(version)).build("A")
    with airflows.database(image.reference) as airflow:
        _switches(Switching(airflow), version)


@pytest.mark.parametrize("version", airflows.RELEASES)
def test_it_is_not_either_where_the_new_version_is_announced_to_the_image_that_runs(
    version: str, base_of: Callable[[str], BaseImage], tmp_path: Path
) -> None:
    (tmp_path / "project").mkdir()
    line, mount = Line(tmp_path / "project", base_of(version)), Mount(tmp_path / "mount")
    with airflows.database(line.build("B").reference, mount.place) as airflow:
        switching = Announcing(airflow, mount, line.tree("B"))
        _switches(switching, version)
        _one_is_served_with_its_structure_where_airflow_stores_none_so_soon(switching)


def _switches(switching: Switching, version: str) -> None:
    switching.switch_while_parsing()

    assert switching.pairs() == _pairs(switching, "ac")
    if version == "3.3.2":
        _callbacks_are_executed_to_their_end(switching)
        _nothing_is_stored_while_airflow_cannot_note_the_version(switching)


def _pairs(switching: Switching, words: str) -> set[str]:
    return {f"{word} {switching.structure(word)}" for word in words}


def _callbacks_are_executed_to_their_end(switching: Switching) -> None:
    """One is being executed at the switch, and one is queued; before 3.3 Airflow itself ends them."""
    airflow = switching.airflow
    airflow.execute("python", "-c", _FAILED, switching.version("c"))
    airflow.until(lambda: airflow.has("/tmp/telling-c"))
    switching.publish("d", lets_go=True)
    switching.until_taken("d")
    airflow.execute("touch", "/tmp/tell")
    switching.until_stored("d")

    assert sorted(airflow.read("/tmp/told").splitlines()) == ["run-of-one c", "run-of-two c"]


def _nothing_is_stored_while_airflow_cannot_note_the_version(switching: Switching) -> None:
    airflow = switching.airflow
    refuse = "CREATE TRIGGER refuse BEFORE UPDATE ON dag_bundle BEGIN SELECT RAISE(ABORT, 'refused'); END"
    airflow.execute("python", "-c", _CHANGE, refuse)
    switching.publish("e", lets_go=True)
    refused = "Failed to persist parsing result"
    mixed_up = f"d {switching.structure('e')}"
    airflow.until(lambda: refused in airflow.read("/tmp/processor.log") or mixed_up in switching.pairs())
    airflow.execute("python", "-c", _CHANGE, "DROP TRIGGER refuse")
    switching.until_taken("e")

    assert switching.pairs() - _pairs(switching, "e") == _pairs(switching, "acd")


def _one_is_served_with_its_structure_where_airflow_stores_none_so_soon(switching: Announcing) -> None:
    """The setting of a deployment. Airflow gives a DAG the version all the same, unless it has been waited for long enough."""
    airflow = switching.airflow
    switching.start_anew(**{STORE: "10", "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "1"})
    switching.publish("f", lets_go=True)
    switching.until_stored("f")
    switching.publish("g", lets_go=True)
    served = airflow.served(switching.wanted("g"), 120)

    assert (served.served, served.held) == (True, ())
    assert f"g {switching.structure('f')}" in switching.pairs()
    switching.until_stored("g", seconds=0)
    rest = airflow.served(Wanted(version=""), 0).rest
    assert rest is not None
    assert rest <= 10
    airflow.until(lambda: airflow.served(Wanted(version=""), 0).rest == 0)
    switching.publish("h", lets_go=True)
    assert airflow.served(switching.wanted("h"), 120).served
    switching.until_stored("h", seconds=0)
    assert {pair for pair in switching.pairs() if pair.startswith("h ")} == _pairs(switching, "h")
