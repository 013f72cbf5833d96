"""An Airflow 3 in one container of a built image: scheduler with LocalExecutor, API server, DAG processor.

Or its database alone, for a DAG processor by itself.
"""

import json
import os
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagship.model.thin import MOUNT

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
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER": "/tmp/logs",
    "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
    "HOME": "/tmp",
}
_DATABASE_ALONE = """
airflow db migrate >/tmp/migrate.log 2>&1 || exit 1
touch /tmp/migrated
exec sleep infinity
"""
_START = """
airflow db migrate >/tmp/migrate.log 2>&1 || exit 1
airflow api-server --workers 1 --port 8080 >/tmp/api.log 2>&1 &
airflow scheduler >/tmp/scheduler.log 2>&1 &
wait -n
"""
_CALL = """
import json, sys, urllib.request
method, path, body = sys.argv[1:]
def call(method, path, body=None, **headers):
    data = body.encode() if body else None
    asked = urllib.request.Request("http://localhost:8080" + path, data=data, method=method, headers=headers)
    asked.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.loads(answer.read() or b"null")
token = call("GET", "/auth/token")["access_token"]
print(json.dumps(call(method, path, body, Authorization="Bearer " + token)))
"""
_QUERY = """
import json, sqlite3, sys
with sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True, timeout=30) as database:
    print(json.dumps(database.execute(sys.argv[2], sys.argv[3:]).fetchall()))
"""
_KILL = "kill -TERM $(cat /tmp/processor.pid); while kill -0 $(cat /tmp/processor.pid) 2>/dev/null; do sleep 0.1; done"


class Airflow:
    """A running Airflow; made by `running`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def execute(self, *argv: str, detached: bool = False, **environment: str) -> str:
        """Runs a program beside Airflow, and returns what it printed."""
        options = [*(["--detach"] if detached else []), *(f"--env={key}={value}" for key, value in environment.items())]
        ended = subprocess.run(
            ["docker", "exec", *options, self._name, *argv], capture_output=True, text=True, check=False, timeout=120
        )
        assert ended.returncode == 0, f"{argv}: {ended.stderr[-2000:]}"
        return ended.stdout

    def has(self, path: str) -> bool:
        """Whether there is a file in the container."""
        return self.execute("bash", "-c", f"ls {path} 2>/dev/null || true") != ""

    def announce(self, **environment: str) -> None:
        """Starts the DAG processor, in place of the one that may run."""
        if self.has("/tmp/processor.pid"):
            self.execute("bash", "-c", _KILL)
        command = "echo $$ >/tmp/processor.pid; exec airflow dag-processor >>/tmp/processor.log 2>&1"
        self.execute("bash", "-c", command, detached=True, **environment)

    def rows(self, query: str, *values: str) -> list[list[Any]]:
        """Asks the metadata database."""
        found: list[list[Any]] = json.loads(self.execute("python", "-c", _QUERY, _DATABASE, query, *values))
        return found

    def call(self, method: str, path: str, body: "dict[str, Any] | None" = None) -> Any:
        """Calls the API."""
        return json.loads(self.execute("python", "-c", _CALL, method, path, json.dumps(body) if body else ""))

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
            time.sleep(0.3)

    def task_logs(self) -> str:
        """What tasks have written to their logs."""
        return self.execute("bash", "-c", "find /tmp/logs -name '*.log' | xargs -r cat")

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
    argv += [f"--volume={announced}:{MOUNT}:ro"] if announced else []
    argv += [f"--env={key}={value}" for key, value in _ENVIRONMENT.items()]
    try:
        subprocess.run([*argv, image, "-c", start], check=True, capture_output=True)
        yield Airflow(name)
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", name], check=False, capture_output=True)


def _answers(airflow: Airflow) -> bool:
    try:
        return bool(airflow.call("GET", "/api/v2/version"))
    except AssertionError:
        return False
