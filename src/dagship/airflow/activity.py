"""Airflow's unfinished runs and running tasks at one moment: frozen values."""

from collections import Counter
from typing import NamedTuple

from dagship.model.dag_versions import is_id
from dagship.model.frozen import Artifact


class OfImage(NamedTuple):
    """What is known of the image of a scheduler without asking there, as `Activity` has it.

    Attributes:
        held: The DAG versions in it; empty where they are not known.
        current: The one of them that is current, or empty.
        foundation: What it is built on, or empty.

    """

    held: tuple[str, ...] = ()
    current: str = ""
    foundation: str = ""


class RunCount(Artifact):
    """Unfinished runs of one version and state.

    Attributes:
        version: DAG version that they are pinned to; empty for those that run the newest code.
        state: `queued` or `running`.
        runs: How many.

    """

    version: str
    state: str
    runs: int


class DagRuns(Artifact):
    """Unfinished runs of one DAG and version.

    Attributes:
        dag_id: The DAG.
        version: DAG version that they are pinned to, or empty.
        runs: How many.
        queued: How many of them are queued, and have not begun.
        paused: Whether the DAG is paused: Airflow then begins no further task of theirs.
        gone: Whether Airflow has the DAG no more, as after its file went: then they never end.
        file: Where its file is in the DAG tree, as Airflow 3 has it now, or empty.

    """

    dag_id: str
    version: str = ""
    runs: int = 1
    queued: int = 0
    paused: bool = False
    gone: bool = False
    file: str = ""


class Task(Artifact):
    """A task instance.

    Attributes:
        dag_id: Its DAG.
        run_id: Its run.
        task_id: Its task.
        map_index: Which of a mapped task, -1 for none.
        try_number: Which try.
        state: `running`, `failed`…; empty where Airflow took it back to be scheduled anew.
        host: Where it runs or ran, without a domain: the name of a pod.
        began: When that try began, epoch seconds; None when it did not.
        ended: When it ended, epoch seconds; None when it did not.

    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    try_number: int = 1
    state: str = "running"
    host: str = ""
    began: float | None = None
    ended: float | None = None

    @property
    def key(self) -> tuple[str, str, str, int]:
        """The identity of a task instance; its tries share it."""
        return self.dag_id, self.run_id, self.task_id, self.map_index

    def __str__(self) -> str:
        """As people read it: `reports.load[3] of manual__2026-01-01`."""
        index = f"[{self.map_index}]" if self.map_index >= 0 else ""
        return f"{self.dag_id}.{self.task_id}{index} of {self.run_id}"


class Activity(Artifact):
    """Unfinished runs and running tasks.

    Attributes:
        airflow: Version of Airflow.
        asked: When, epoch seconds by the clock of who was asked.
        runs: Unfinished runs, by version and state.
        dags: Unfinished runs, by DAG and version; at most 1000 lines.
        tasks: Tasks that run, at most 1000 of them, the oldest first.
        running: How many run.
        queued: How many are queued.
        changed: Of those that changed since a moment that was asked about: what ended other than well at its first
            try; at most 1000.
        held: The DAG versions that the image holds of who was asked.
        current: The one of them that is current there.
        foundation: What that image is built on, or empty.
        folder: Where Airflow 2 reads its DAGs.
        baked: Whether Airflow serves those to runs that are pinned to them; None where its API was asked, and it has
            no DAG yet that would tell.

    """

    airflow: str = ""
    asked: float = 0.0
    runs: tuple[RunCount, ...] = ()
    dags: tuple[DagRuns, ...] = ()
    tasks: tuple[Task, ...] = ()
    running: int = 0
    queued: int = 0
    changed: tuple[Task, ...] = ()
    held: tuple[str, ...] = ()
    current: str = ""
    foundation: str = ""
    folder: str = ""
    baked: bool | None = False

    @property
    def by_version(self) -> dict[str, int]:
        """Unfinished runs by version; the empty one are those that are pinned to none."""
        found: Counter[str] = Counter()
        for one in self.runs:
            found[one.version] += one.runs
        return dict(sorted(found.items()))

    @property
    def pinned(self) -> dict[str, int]:
        """Unfinished runs by the version that the image must hold for them; none where versions are not baked.

        Bundles beside the image's have versions of another form: a commit of git has 40 digits.
        """
        return {version: runs for version, runs in self.by_version.items() if is_id(version) and self.baked}

    @property
    def by_host(self) -> dict[str, tuple[Task, ...]]:
        """Running tasks by where they run."""
        found: dict[str, list[Task]] = {}
        for task in self.tasks:
            found.setdefault(task.host, []).append(task)
        return {host: tuple(tasks) for host, tasks in sorted(found.items())}
