"""Questions that are sent on standard input, run alone where there is no Airflow and no database."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from dagship.airflow import scheduler_python
from dagship.airflow.served import Served, Wanted, read
from dagship.inside.scheduler.answer import MARK

V = "5" * 12
SAID = {
    "bundle": "dags-folder", "version": V, "tree": "", "serial": 0, "since": "2026-11-29T10:00:00Z", "why_not": "",
    "dags": "/none", "files": None, "left": 0, "broken": [], "failed": [],
}  # fmt: skip


def asked(where: Path, stdin: bytes, **variables: str) -> Any:
    _, *argv = scheduler_python.argv("piped", command="")
    ended = subprocess.run([sys.executable, *argv], input=stdin, capture_output=True, cwd=where, env=variables)
    return json.loads(ended.stdout.decode().rpartition(MARK)[2])


def question(seconds: float = 5.0) -> bytes:
    return scheduler_python.piped("served", Wanted(V).question(seconds))


def test_where_no_database_can_be_asked_the_dag_processor_is_believed(tmp_path: Path) -> None:
    (tmp_path / "served.json").write_text(json.dumps(SAID), encoding="utf-8")
    answer = asked(tmp_path, question(), AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH=str(tmp_path))

    found = read(answer)
    assert isinstance(found, Served)
    assert (found.version, found.served, found.done, found.left, found.dags) == (V, True, True, 0, ())
    assert found.since == 1795946400.0


def test_where_nothing_can_be_asked_it_is_said_at_once(tmp_path: Path) -> None:
    """Not after the minutes that it was given."""
    answer = asked(tmp_path, question(600.0), AIRFLOW_HOME=str(tmp_path))

    assert answer["no_use"].startswith("its database could not be asked (")


def test_what_is_no_question_is_an_error(tmp_path: Path) -> None:
    assert "error" in asked(tmp_path, b"x\n{}")
    assert asked(tmp_path, b"99999999\n") == {"error": "ValueError: What is asked is too large."}
