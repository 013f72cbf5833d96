"""Where a dag-processor says what it serves, and from when an answer counts."""

import json
from pathlib import Path
from typing import Any

import pytest

from dagship.inside.scheduler import served
from dagship.inside.versions.thin import served as writer
from dagship.inside.versions.thin.served import Served


def test_what_the_dag_processor_of_an_image_writes_is_read_here(tmp_path: Path) -> None:
    writer.write(str(tmp_path), Served("dags-folder", "5" * 12, since="2026-11-29T10:00:00Z", files=("a.py",), left=2))
    found = served.said_by(str(tmp_path))

    assert found
    assert (found["version"], found["files"], found["left"], found["began"]) == ("5" * 12, ["a.py"], 2, 1795946400.0)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"since": "today"}', '{"since": null}'])
def test_what_cannot_be_read_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "served.json").write_text(text, encoding="utf-8")

    assert served.said_by(str(tmp_path)) is None
    assert served.said_by(str(tmp_path / "none")) is None


def test_it_is_found_where_airflow_keeps_what_belongs_to_its_bundles(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text("[dag_processor]\ndag_bundle_storage_path = /from/file\n[x\n")
    assert served.storage({"AIRFLOW_HOME": str(tmp_path)}).endswith("/airflow/dag_bundles")

    (tmp_path / "airflow.cfg").write_text("[dag_processor]\ndag_bundle_storage_path = /from/%(file)s\n")
    assert served.storage({"AIRFLOW_HOME": str(tmp_path)}) == "/from/%(file)s"
    assert served.storage({"AIRFLOW_CONFIG": str(tmp_path / "airflow.cfg")}) == "/from/%(file)s"
    told = {"AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": "/told", "AIRFLOW_HOME": str(tmp_path)}
    assert served.storage(told) == "/told"
    assert served.storage({"AIRFLOW_HOME": str(tmp_path / "none")}).endswith("/airflow/dag_bundles")


def test_how_often_a_dag_is_stored_is_what_airflow_goes_by(tmp_path: Path) -> None:
    of_file = {"AIRFLOW_HOME": str(tmp_path)}
    assert served.interval(of_file) == 30.0

    (tmp_path / "airflow.cfg").write_text("[core]\nmin_serialized_dag_update_interval = 12\n")
    assert served.interval(of_file) == 12.0
    for said, seconds in (("0", 0.0), ("45", 45.0), ("soon", 0.0), ("-1", 0.0)):
        assert served.interval({**of_file, "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": said}) == seconds


def test_errors_are_told_without_passwords_and_cut_at_their_beginning() -> None:
    stored: dict[str, Any] = {"dags": [], "errors": [("a.py", f"{'x' * 9000} mysql://etl:s3cret@db/x", 1.0)]}
    told = served._told({"b.py": "mysql://etl:s3cret@db/x"}, stored)

    assert told["new"] == {"b.py": "mysql://etl:***@db/x"}
    assert len(told["errors"]["a.py"]) == served._LONGEST
    assert told["errors"]["a.py"].endswith("mysql://etl:***@db/x")
    assert json.dumps(served._told({}, None)) == '{"dags": [], "new": {}, "errors": {}}'
