"""An Airflow 3 in one container of a built image: scheduler with LocalExecutor, API server, DAG processor.

Or its database alone, for a DAG processor by itself.
"""

import json
import os
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from dagship.airflow import scheduler_python, served
from dagship.airflow.served import Served, Wanted
from dagship.airflow_api.api import Api
from dagship.inside.scheduler.answer import MARK
from dagship.model.access import Access
from dagship.model.thin import MOUNT
from tests.engine.registries import answering, serving

# A minor version of 3 each.
RELEASES = [*(pytest.param(version, marks=pytest.mark.wide) for version in ("3.0.6", "3.1.8", "3.2.2")), "3.3.2"]
_DATABASE = "/tmp/airflow.db"
_ENVIRONMENT = {
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_DATABASE}",
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__PARALLELISM": "2",
    "AIRFLOW__CORE__AUTH_MANAGER": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://localhost:8080/execution/",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__API_AUTH__JWT_SECRET": "for-this-test-alone-and-long-enough-to-be-taken-for-a-secret-by-every-library",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
    # A task fails whose question is not answered in 5 s, which a busy machine may take.
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
    # One whose DAG is not there is tried again after so long, from 3.1.7 on.
    "AIRFLOW__WORKERS__MISSING_DAG_RETRY_DELAY": "1",
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER": "/tmp/logs",
    "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
    "HOME": "/tmp",
}
_DATABASE_ALONE = """
airflow db migrate >/tmp/migrate.log 2>&1 || exit 1
touch /tmp/migrated
exec sleep infinity
"""
STORAGE = "/tmp/airflow/dag_bundles"
"""Where versions are put together."""

ROOM = 8 * 1024 * 1024
"""Bytes that all of them may take, where some are announced."""

IMPATIENT = "/tmp/impatient"
"""While there is such a file, tasks wait 3 s for a version, and not two minutes."""

_TASKS = f"""
import os
from dagship_versions import bundle

class BakedDagBundle(bundle.BakedDagBundle):
    def initialize(self):
        bundle._COMES_SECONDS = 3.0 if os.path.exists("{IMPATIENT}") else 120.0
        super().initialize()
"""
_BUNDLES = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"
_START = f"""
airflow db migrate >/tmp/migrate.log 2>&1 || exit 1
airflow api-server --workers 1 --port 8080 >/tmp/api.log 2>&1 &
mkdir /tmp/tasks && printf %s '{_TASKS}' >/tmp/tasks/of_tasks.py
export PYTHONPATH=/tmp/tasks {_BUNDLES}="${{{_BUNDLES}//dagship_versions.bundle/of_tasks}}"
airflow scheduler >/tmp/scheduler.log 2>&1 &
wait -n
"""
# Answers one question a line as long as Airflow runs: to start a program in a container costs more than any answer.
_ANSWERS = """
import glob, json, os, sqlite3, sys, urllib.error, urllib.request

def http(method, path, body, **headers):
    asked = urllib.request.Request("http://localhost:8080" + path, data=body, method=method, headers=headers)
    asked.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.loads(answer.read() or b"null")

def call(method, path, body):
    token = http("GET", "/auth/token", None)["access_token"]
    return http(method, path, body.encode() or None, Authorization="Bearer " + token)

def relay(method, path, body, authorization):
    asked = urllib.request.Request("http://localhost:8080" + path, data=body.encode() or None, method=method)
    for name, value in (("Authorization", authorization), ("Content-Type", "application/json")):
        asked.add_header(name, value)
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as failed:
        return failed.code, failed.read().decode()

def rows(path, query, *values):
    database = sqlite3.connect("file:%s?mode=ro" % path, uri=True, timeout=30)
    try:
        return database.execute(query, values).fetchall()
    finally:
        database.close()

def has(path):
    return os.path.exists(path)

def texts(pattern):
    found = []
    for path in glob.glob(pattern, recursive=True):
        with open(path, errors="replace") as file:
            found.append(file.read())
    return "".join(found)

for line in sys.stdin:
    name, *values = json.loads(line)
    try:
        said = {"answer": globals()[name](*values)}
    except Exception as failed:
        said = {"failed": repr(failed)}
    print(json.dumps(said), flush=True)
"""
# As Kubernetes ends it. Airflow ends by an exception of its handler, which is lost where Python was calling a weak
# reference's callback (one of SQLAlchemy's): then it goes on as if nobody had asked.
_END = """
pid=$(cat /tmp/processor.pid)
kill -TERM "$pid"
for _ in {1..100}; do
    kill -0 "$pid" 2>/dev/null || exit 0
    sleep 0.1
done
kill -KILL "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
"""


class _Relay(answering(200, b"")):  # type: ignore[misc]
    """An Airflow in a container without a network, one question after the other."""

    ask: "Callable[..., tuple[int, str]]"
    turn = threading.Lock()

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        with self.turn:
            status, said = self.ask(self.command, self.path, sent, self.headers["Authorization"])
        self.status, self.body = status, said.encode()
        self._send()

    do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - the library's names


class Airflow:
    """A running Airflow; made by `running`."""

    def __init__(self, name: str, answers: subprocess.Popen[str]) -> None:
        self._name, self._answers = name, answers

    def _ask(self, what: str, *values: str) -> Any:
        assert self._answers.stdin
        assert self._answers.stdout
        print(json.dumps([what, *values]), file=self._answers.stdin, flush=True)
        said = json.loads(self._answers.stdout.readline())
        assert "answer" in said, f"{what} {values}: {said['failed']}"
        return said["answer"]

    def execute(self, *argv: str, detached: bool = False, stdin: str = "", **environment: str) -> str:
        """Runs a program beside Airflow, and returns what it printed."""
        how = [*(["--detach"] if detached else []), *(["--interactive"] if stdin else [])]
        options = [*how, *(f"--env={key}={value}" for key, value in environment.items())]
        command = ["docker", "exec", *options, self._name, *argv]
        ended = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=300)
        assert ended.returncode == 0, f"{argv}: {ended.stderr[-2000:]}"
        return ended.stdout

    def served(self, wanted: Wanted, seconds: float) -> Served:
        """What is said of a DAG version beside the DAG processor, asked as dagship asks."""
        stdin = scheduler_python.piped("served", wanted.question(seconds)).decode()
        said = self.execute(*scheduler_python.argv("piped", command="dag-processor"), stdin=stdin)
        found = served.read(json.loads(said.rpartition(MARK)[2]))
        assert found, said
        return found

    def has(self, path: str) -> bool:
        """Whether there is such a file in the container."""
        return bool(self._ask("has", path))

    def read(self, pattern: str) -> str:
        """What files contain, one after the other; nothing where there is none."""
        return str(self._ask("texts", pattern))

    def announce(self, **environment: str) -> None:
        """Starts the DAG processor, in place of the one that may run."""
        if self.has("/tmp/processor.pid"):
            self.execute("bash", "-c", _END)
        command = "echo $$ >/tmp/processor.pid; exec airflow dag-processor >>/tmp/processor.log 2>&1"
        self.execute("bash", "-c", command, detached=True, **environment)

    def rows(self, query: str, *values: str) -> list[list[Any]]:
        """Asks the metadata database."""
        found: list[list[Any]] = self._ask("rows", _DATABASE, query, *values)
        return found

    def call(self, method: str, path: str, body: "dict[str, Any] | None" = None) -> Any:
        """Calls the API."""
        return self._ask("call", method, path, json.dumps(body) if body else "")

    @contextmanager
    def api(self) -> Iterator[Api]:
        """The API as dagship asks it."""
        token = self.call("GET", "/auth/token")["access_token"]

        def ask(*question: str) -> tuple[int, str]:
            status, said = self._ask("relay", *question)
            return status, said

        with serving(type("Relay", (_Relay,), {"ask": staticmethod(ask)})) as address:
            yield Api(Access(url=f"http://{address}", token=SecretStr(token)))

    def announced(self, dag_id: str) -> str:
        """The version that new runs of a DAG get, empty when there is no such DAG."""
        rows = self.rows("SELECT bundle_version FROM dag WHERE dag_id = ?", dag_id)
        return str(rows[0][0] or "") if rows else ""

    def trigger(self, dag_id: str, run_id: str) -> None:
        """Begins a run."""
        self.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"dag_run_id": run_id, "logical_date": None})

    def run(self, run_id: str) -> tuple[str, str]:
        """State and version of a run."""
        ((state, version),) = self.rows("SELECT state, bundle_version FROM dag_run WHERE run_id = ?", run_id)
        return str(state), str(version or "")

    def clear(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Clears a task of a run, as a user does who leaves everything as it is proposed."""
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": [task_id], "only_failed": False}
        self.call("POST", f"/api/v2/dags/{dag_id}/clearTaskInstances", body)

    def until(self, there: "Callable[[], bool]", seconds: float = 300) -> None:
        """Waits until something is there."""
        deadline = time.monotonic() + seconds
        while not there():
            assert time.monotonic() < deadline, self.logs()
            time.sleep(0.1)

    def task_logs(self) -> str:
        """What tasks have written to their logs."""
        return self.read("/tmp/logs/**/*.log")

    def logs(self) -> str:
        """The end of every component's log."""
        return self.execute("bash", "-c", "tail -n 25 /tmp/*.log; find /tmp/logs -name '*.log' | xargs -r tail -n 15")


@contextmanager
def running(image: str, announced: Path | None = None) -> Iterator[Airflow]:
    """Runs an Airflow without a DAG processor, and takes it away again.

    Args:
        image: The image.
        announced: What is mounted where a ConfigMap announces DAG versions; None for no mount.

    """
    with _container(image, _START, announced) as airflow:
        airflow.until(lambda: _answers(airflow))
        yield airflow


@contextmanager
def database(image: str, announced: Path | None = None) -> Iterator[Airflow]:
    """Runs a container with a database that nothing uses yet, and takes it away again."""
    with _container(image, _DATABASE_ALONE, announced) as airflow:
        airflow.until(lambda: airflow.has("/tmp/migrated"))
        yield airflow


@contextmanager
def _container(image: str, start: str, announced: Path | None) -> Iterator[Airflow]:
    name = f"dagship-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    argv = ["docker", "run", "--detach", f"--name={name}", "--network=none", "--init", "--entrypoint=bash"]
    argv += [f"--volume={announced}:{MOUNT}:ro", f"--tmpfs={STORAGE}:size={ROOM},mode=1777"] if announced else []
    argv += [f"--env={key}={value}" for key, value in _ENVIRONMENT.items()]
    try:
        subprocess.run([*argv, image, "-c", start], check=True, capture_output=True)
        answers = ["docker", "exec", "--interactive", name, "python", "-c", _ANSWERS]
        with subprocess.Popen(answers, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            yield Airflow(name, process)
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", name], check=False, capture_output=True)


def _answers(airflow: Airflow) -> bool:
    try:
        return bool(airflow.call("GET", "/api/v2/version"))
    except AssertionError:
        return False
