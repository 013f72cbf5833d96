"""Airflow's REST API, through a port that kubectl forwards: /api/v2 of Airflow 3, /api/v1 of 2.11."""

import base64
import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, Self, TypeVar

from tests.cluster.kubectl import Kubectl

Value = TypeVar("Value")

_ENDED = ("success", "failed")


def until(ask: Callable[[], Value | None], what: str, seconds: float = 300) -> Value:
    """Asks until there is an answer that holds; two Airflows on a busy machine take their time."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.5)
    return answer


class Api:
    """The API of a release.

    Args:
        kubectl: The namespace.
        release: Name of the release.
        major: Airflow's.

    """

    def __init__(self, kubectl: Kubectl, release: str, *, major: int) -> None:
        self._kubectl = kubectl
        self._service = f"service/{release}-{'api-server' if major == 3 else 'webserver'}"
        self._secret = f"secret/{release}-keys"
        self._major = major
        self._root = "/api/v2" if major == 3 else "/api/v1"
        self._login = ""
        self._base = ""
        self._forward: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        command = [self._kubectl.program, f"--kubeconfig={self._kubectl.kubeconfig}", "-n", self._kubectl.namespace]
        self._forward = subprocess.Popen(
            [*command, "port-forward", self._service, ":8080"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._forward.stdout
        said = self._forward.stdout.readline()
        port = re.search(r"127\.0\.0\.1:(\d+)", said)
        assert port, said
        self._base = f"http://127.0.0.1:{port[1]}"
        password = base64.b64decode(self._kubectl.get(self._secret)["data"]["admin-password"]).decode()
        if self._major == 3:
            token = self._call("POST", "/auth/token", {"username": "admin", "password": password})["access_token"]
            self._login = f"Bearer {token}"
        else:
            self._login = "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._forward
        self._forward.terminate()
        self._forward.communicate()

    @property
    def token(self) -> str:
        """What the administrator of an Airflow 3 is asked by."""
        return self._login.removeprefix("Bearer ")

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self._base + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            # Airflow 2 refuses a type of nothing.
            headers={"Accept": "application/json"}
            | ({} if body is None else {"Content-Type": "application/json"})
            | ({"Authorization": self._login} if self._login else {}),
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        return self._call(method, self._root + path, body)

    def sets(self, name: str, value: str) -> None:
        """Gives a Variable its first value, or another."""
        body = {"key": name, "value": value}
        try:
            self("PATCH", f"/variables/{name}", body)
        except urllib.error.HTTPError as refused:
            if refused.code != 404:
                raise
            self("POST", "/variables", body)

    def dag(self, dag_id: str) -> dict[str, Any] | None:
        """A DAG that is served, or nothing."""
        try:
            found: dict[str, Any] = self("GET", f"/dags/{dag_id}")
        except urllib.error.HTTPError as refused:
            if refused.code != 404:
                raise
            return None
        return found if found.get("is_active", True) and not found.get("is_stale") else None

    def tags(self, dag_id: str) -> list[str]:
        """The tags of a DAG that is served; none else."""
        return [one["name"] for one in (self.dag(dag_id) or {"tags": []})["tags"]]

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """The runs of a DAG that is served, else nothing."""
        found: list[dict[str, Any]] = self("GET", f"/dags/{dag_id}/dagRuns")["dag_runs"] if self.dag(dag_id) else []
        return found

    def started(self, dag_id: str) -> str:
        """Starts a run; returns its id."""
        until(lambda: self.dag(dag_id), f"{dag_id} is served")
        self("PATCH", f"/dags/{dag_id}", {"is_paused": False})
        run: str = self("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None} if self._major == 3 else {})[
            "dag_run_id"
        ]
        return run

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """A run."""
        found: dict[str, Any] = self("GET", f"/dags/{dag_id}/dagRuns/{run_id}")
        return found

    def ended(self, dag_id: str, run_id: str) -> str:
        """Waits for a run; returns how it ended."""

        def state() -> str | None:
            now: str = self.run(dag_id, run_id)["state"]
            return now if now in _ENDED else None

        return until(state, f"{run_id} of {dag_id} ends")

    def ran(self, dag_id: str) -> str:
        """Runs a DAG to its end; returns the run's id."""
        run_id = self.started(dag_id)
        assert self.ended(dag_id, run_id) == "success", self.logs(dag_id, run_id)
        return run_id

    def log(self, dag_id: str, run_id: str, task_id: str, attempt: int = 1) -> str:
        """What the API says of a task's log, where it was read from included."""
        return json.dumps(self("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"))

    def returned(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """What a task returned: it outlives the pod of the task, which its log does not."""
        return self("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value")["value"]

    def logs(self, dag_id: str, run_id: str) -> str:
        """The logs of every task of a run, for whoever wonders why it failed."""
        instances = self("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return "\n".join(
            f"{one['task_id']} {one['state']}: {self.log(dag_id, run_id, one['task_id'], max(one['try_number'], 1))}"
            for one in instances
        )
