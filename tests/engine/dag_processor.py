"""What Airflow itself makes of a tree: its dag-processor passes over every file once, on a database of its own.

An oracle for `test-image`. Airflow 2.11 refuses to run a dag-processor of its own on SQLite; there each file goes
through the class that the dag-processor starts for one.
"""

import json
import subprocess
from typing import NamedTuple

_ENVIRONMENT = {
    "AIRFLOW_HOME": "/tmp/airflow",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////tmp/airflow.db",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__PLUGINS_FOLDER": "/opt/airflow/plugins",
    "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACK_DEPTH": "20",
    "HOME": "/tmp",
}
_PASS = """
set -e
mkdir -p /tmp/airflow
airflow db migrate >/tmp/log 2>&1 || { tail -n 20 /tmp/log >&2; exit 1; }
case $(airflow version 2>/dev/null | tail -n 1) in
    2.*) python -c "$FILES" >/tmp/log 2>&1 ;;
    *) airflow dag-processor --num-runs 1 >/tmp/log 2>&1 ;;
esac || { tail -n 20 /tmp/log >&2; exit 1; }
python -c "$ANSWER"
"""
_FILES = """
import os, time
from airflow import settings
from airflow.configuration import conf
from airflow.dag_processing.processor import DagFileProcessorProcess
from airflow.utils.file import list_py_file_paths
waiting, running = sorted(list_py_file_paths(settings.DAGS_FOLDER)), []
while waiting or running:
    while waiting and len(running) < 2:
        path = waiting.pop()
        process = DagFileProcessorProcess(path, False, [], settings.DAGS_FOLDER, [])
        process.start()
        running.append((process, time.monotonic()))
    time.sleep(0.05)
    for each in list(running):
        process, began = each
        if time.monotonic() - began > conf.getint("core", "dag_file_processor_timeout"):
            process.kill()
            running.remove(each)
        elif process.done:
            running.remove(each)
"""
_ANSWER = """
import json, os, sqlite3
root = os.environ["AIRFLOW__CORE__DAGS_FOLDER"]
database = sqlite3.connect("/tmp/airflow.db")
stored = {dag_id for dag_id, in database.execute("SELECT dag_id FROM serialized_dag")}
# The SubDAGs of Airflow 2 are stored within the DAG that they belong to.
dags = [(f, i) for f, i in database.execute("SELECT fileloc, dag_id FROM dag") if {i, i.rpartition(".")[0]} & stored]
errors = database.execute("SELECT filename, stacktrace FROM import_error").fetchall()
relative = lambda path: os.path.relpath(os.path.join(root, path), root)
print("@@" + json.dumps([[relative(f), i] for f, i in dags] + [[relative(f), None, t] for f, t in errors]))
"""


class Pass(NamedTuple):
    """What came of it: file to the ids of its DAGs, and file to its import error; paths relative to the tree."""

    dags: dict[str, set[str]]
    errors: dict[str, str]


def passed(image: str, **environment: str) -> Pass:
    """Has Airflow go over the tree of an image once, without a network and with a read-only root."""
    told = {**_ENVIRONMENT, "FILES": _FILES, "ANSWER": _ANSWER, **environment}
    argv = ["docker", "run", "--rm", "--network=none", "--read-only", "--tmpfs=/tmp:exec,mode=1777", "--init"]
    argv += [f"--env={name}={value}" for name, value in told.items()]
    ended = subprocess.run(
        [*argv, "--entrypoint=bash", image, "-c", _PASS], capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    dags: dict[str, set[str]] = {}
    errors: dict[str, str] = {}
    for file, dag_id, *text in json.loads(ended.stdout.rpartition("@@")[2]):
        if text:
            errors[file] = text[0]
        else:
            dags.setdefault(file, set()).add(dag_id)
    return Pass(dags, errors)
