"""When an announced version is served, by what the dag-processor and its database say."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dagship.inside.versions.thin import served, wait
from dagship.inside.versions.thin.served import Served
from dagship.inside.versions.thin.wait import Stored

V = "5" * 12
SAID = Served("dags-folder", V, serial=3, since="2026-11-29T10:00:00Z", files=("a.py", "b.py"), left=2)
BOTH = Stored({"a.py": frozenset({V}), "b.py": frozenset({V})})
ONE = Stored({"a.py": frozenset({V}), "b.py": frozenset({"old"})})


def said(**changes: Any) -> Served:
    return Served(**{**{name: getattr(SAID, name) for name in SAID.__dataclass_fields__}, **changes})


@pytest.mark.parametrize(
    ("one", "stored", "done", "is_served"),
    [
        pytest.param(None, Stored(), False, False, id="nothing is said yet"),
        pytest.param(said(version="old", serial=2), Stored(), False, False, id="it has not looked"),
        pytest.param(said(version="old", why_not="It is."), Stored(), True, False, id="it cannot"),
        pytest.param(
            said(version="old", serial=2, why_not="It is."), Stored(), False, False, id="another could not be"
        ),
        pytest.param(said(serial=4), BOTH, True, False, id="another was announced"),
        pytest.param(SAID, Stored(), False, False, id="nothing is stored"),
        pytest.param(SAID, ONE, False, False, id="one of two is stored"),
        pytest.param(SAID, BOTH, True, True, id="all are stored"),
        pytest.param(said(left=0), Stored(), True, True, id="nothing is left"),
        pytest.param(said(files=()), Stored(), False, False, id="nothing differs, and it was not counted"),
        pytest.param(said(files=None), ONE, False, True, id="all are read, and some were"),
        pytest.param(said(files=None), Stored({"a.py": frozenset({"old"})}), False, False, id="all are read, none was"),
        pytest.param(said(files=None), BOTH, True, True, id="all are read, and were"),
    ],
)
def test_it_is_served_when_what_differs_was_read(
    one: Served | None, stored: Stored, done: bool, is_served: bool
) -> None:
    answer = wait.verdict(one, stored, V, 3)

    assert (answer["done"], answer["served"], answer["import_errors"]) == (done, is_served, {})


def test_what_was_announced_is_taken_back_once_the_dag_processor_has_heard_of_it() -> None:
    assert not wait.verdict(said(version="new", serial=4, why_not="It is."), Stored(), V, 0)["done"]
    assert wait.verdict(said(serial=0, left=0), Stored(), V, 0)["served"]


def test_an_import_error_ends_it_unless_the_file_had_one_before() -> None:
    broken = Stored({"a.py": frozenset({V})}, {"b.py": "SyntaxError", "other.py": "of another deployment"})

    answer = wait.verdict(SAID, broken, V, 3)
    assert (answer["done"], answer["served"], answer["import_errors"]) == (True, False, {"b.py": "SyntaxError"})
    assert wait.verdict(said(broken=("b.py",)), broken, V, 3)["import_errors"] == {}


def test_what_was_broken_before_a_dag_processor_started_anew_is_no_error_of_the_delivery() -> None:
    anew = said(files=None, broken=("b.py",))
    stored = Stored({"a.py": frozenset({V}), "b.py": frozenset({"old"})}, {"b.py": "SyntaxError"})

    answer = wait.verdict(anew, stored, V, 3)
    assert (answer["done"], answer["served"], answer["import_errors"]) == (False, True, {})
    answer = wait.verdict(anew, replace(stored, errors={"a.py": "KeyError"}), V, 3)
    assert (answer["done"], answer["served"], answer["import_errors"]) == (True, False, {"a.py": "KeyError"})


def test_a_file_whose_reading_never_ended_is_an_error_too() -> None:
    answer = wait.verdict(said(left=0, failed=("b.py",)), ONE, V, 3)

    assert (answer["done"], answer["served"]) == (True, False)
    assert answer["import_errors"] == {"b.py": wait._NO_RESULT}


def test_where_no_database_can_be_asked_the_dag_processor_is_believed(tmp_path: Path) -> None:
    """As it is here, where its library is missing."""
    served.write(str(tmp_path), said(left=0))
    environ = {"AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(tmp_path)}
    argv = [sys.executable, "-m", "dagship.inside.versions.thin.wait", V, "3", "30"]
    ended = subprocess.run(argv, env=environ, capture_output=True, text=True, check=True)
    answer = json.loads(ended.stdout)

    assert (answer["served"], answer["version"], answer["import_errors"]) == (True, V, {})
    assert (answer["why_not"], answer["database"]) == ("", "ModuleNotFoundError")
    assert 0 <= answer["seconds"] < 10


def test_it_is_found_where_airflow_keeps_what_belongs_to_its_bundles(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text("[dag_processor]\ndag_bundle_storage_path = /from/file\n[x\n")
    assert wait.storage({"AIRFLOW_HOME": str(tmp_path)}).endswith("/airflow/dag_bundles")

    (tmp_path / "airflow.cfg").write_text("[dag_processor]\ndag_bundle_storage_path = /from/%(file)s\n")
    assert wait.storage({"AIRFLOW_HOME": str(tmp_path)}) == "/from/%(file)s"
    assert wait.storage({"AIRFLOW_CONFIG": str(tmp_path / "airflow.cfg")}) == "/from/%(file)s"
    told = {"AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": "/told", "AIRFLOW_HOME": str(tmp_path)}
    assert wait.storage(told) == "/told"
    assert wait.storage({"AIRFLOW_HOME": str(tmp_path / "none")}).endswith("/airflow/dag_bundles")
