"""A worker with tasks, and what is found of its end."""

from typing import Any

from dagship.airflow.activity import Task
from dagship.rollout.preflight import graceful_stop, sigterm
from tests.builders import pods as o

NOW = o.NOW
ENTRY = ["/usr/bin/dumb-init", "--", "/entrypoint"]


def task(host: str = "worker-0", age: float = 10.0) -> Task:
    return Task(dag_id="d", run_id="r", task_id=f"{host}-{age:g}", host=host, began=NOW - age)


def found(
    container: dict[str, Any] | None = None,
    *tasks: Task,
    grace: int = 600,
    setsid: str | None = "0",
    config_maps: dict[str, Any] | None = None,
    looked: sigterm.Seen | None = None,
) -> tuple[graceful_stop.Finding, ...]:
    env = [] if setsid is None else [{"name": "DUMB_INIT_SETSID", "value": setsid}]
    made = {"name": "worker", "args": ["celery", "worker"], "env": env, **(container or {})}
    spec = {"containers": [made], "terminationGracePeriodSeconds": grace}
    by_host: dict[str, list[Task]] = {}
    for one in tasks:
        by_host.setdefault(one.host, []).append(one)
    return graceful_stop.findings("statefulset/worker", spec, by_host, now=NOW, config_maps=config_maps, looked=looked)
