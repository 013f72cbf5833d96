"""What there is to judge after a soak: what Airflow knows of runs and tasks, and what each task saw."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.e2e.soak.dagfiles import SEEN
from tests.e2e.soak.line import Line

Cleared = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """What one execution of a task saw.

    Attributes:
        dag_id: Its DAG.
        run_id: Its run.
        task_id: Its task.
        file: Version of the DAG file.
        helper: Version of the module beside it.
        at: When it began, epoch seconds.

    """

    dag_id: str
    run_id: str
    task_id: str
    file: int
    helper: int
    at: float


@dataclass(frozen=True, kw_only=True)
class Try:
    """One try of a task, in Airflow's words; None for what did not happen.

    A scheduler that takes over from another may give up a try that is queued and not sent yet, and count another
    (Airflow's `adopt_or_reset_orphaned_tasks`): that one ends without having begun.

    Attributes:
        state: How it ended.
        queued: When a scheduler queued it.
        began: When a worker began it.
        host: The worker.
        ended: When it ended.

    """

    state: str | None
    queued: str | None
    began: str | None
    host: str | None
    ended: str | None


@dataclass(frozen=True, kw_only=True)
class TaskEnd:
    """How a task ended.

    Attributes:
        dag_id: Its DAG.
        run_id: Its run.
        task_id: Its task.
        state: Airflow's word.
        tries: All its tries.

    """

    dag_id: str
    run_id: str
    task_id: str
    state: str
    tries: tuple[Try, ...]

    @property
    def begun(self) -> int:
        """How many of its tries a worker began."""
        return sum(one.began is not None for one in self.tries)


@dataclass(frozen=True, kw_only=True)
class RunEnd:
    """How a run ended.

    Attributes:
        dag_id: Its DAG.
        run_id: Its id.
        state: Airflow's word.
        began: Epoch seconds.
        ended: Epoch seconds.
        stamp: The DAG version that Airflow says it is of; empty where it says none.

    """

    dag_id: str
    run_id: str
    state: str
    began: float
    ended: float
    stamp: str = ""


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """A version that was delivered.

    Attributes:
        number: Its number; what is higher is newer.
        began: When it began to reach the cluster, epoch seconds.
        ended: When all of the cluster had it.
        draining: Seconds of it in which workers were ending their tasks; None where none had to go.
        what: What was done, for people.
        pods: How many pods of Airflow are new since; None where nobody counted.

    """

    number: int
    began: float
    ended: float
    draining: float | None = None
    what: str = "rollout"
    pods: int | None = None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All of a soak.

    Attributes:
        runs: Every run.
        tasks: Every task of them.
        sightings: What their executions saw.
        delivered: What was delivered meanwhile, in this order.
        numbers: The number of each DAG version, by what runs are stamped with; none where a way has no versions.
        cleared: Tasks that somebody had executed again when they had ended: DAG, run and task.

    """

    runs: tuple[RunEnd, ...]
    tasks: tuple[TaskEnd, ...]
    sightings: tuple[Sighting, ...]
    delivered: tuple[Delivered, ...]
    numbers: Mapping[str, int] = field(default_factory=dict)
    cleared: frozenset[Cleared] = frozenset()


def collect(
    line: Line, delivered: tuple[Delivered, ...], *, numbers: Mapping[str, int], cleared: Iterable[Cleared]
) -> Evidence:
    """Asks Airflow, when all runs have ended."""
    return Evidence(
        runs=tuple(
            RunEnd(
                dag_id=one["dag_id"],
                run_id=one["dag_run_id"],
                state=one["state"],
                began=_epoch(one["start_date"]),
                ended=_epoch(one["end_date"]),
                stamp=one.get("bundle_version") or "",
            )
            for one in line.all("/dags/~/dagRuns", "dag_runs", "id")
        ),
        tasks=tuple(
            TaskEnd(
                dag_id=one["dag_id"],
                run_id=one["dag_run_id"],
                task_id=one["task_id"] + (f"[{one['map_index']}]" if one["map_index"] >= 0 else ""),
                state=one["state"] or "",
                tries=_tries(line, one),
            )
            for one in line.all("/dags/~/dagRuns/~/taskInstances", "task_instances", "id")
        ),
        sightings=tuple(
            sighting(one["value"]) for one in line.all("/variables", "variables", "key") if one["key"].startswith(SEEN)
        ),
        delivered=delivered,
        numbers=numbers,
        cleared=frozenset(cleared),
    )


def _tries(line: Line, task: dict[str, Any]) -> tuple[Try, ...]:
    """All tries of a task instance; asked for only where there was more than one."""
    path = f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}"
    path += f"/{task['map_index']}/tries" if task["map_index"] >= 0 else "/tries"
    found = line("GET", path)["task_instances"] if task["try_number"] > 1 else [task]
    return tuple(
        Try(
            state=one["state"],
            queued=one["queued_when"],
            began=one["start_date"],
            host=one["hostname"],
            ended=one["end_date"],
        )
        for one in found
    )


def sighting(written: str) -> Sighting:
    """Reads what a task wrote down."""
    said = json.loads(written)
    return Sighting(
        dag_id=said["dag"],
        run_id=said["run"],
        task_id=said["task"],
        file=said["file"],
        helper=said["helper"],
        at=said["at"],
    )


def _epoch(written: str) -> float:
    return datetime.fromisoformat(written).timestamp()
