"""Keeps runs in progress, never more at once than two cores carry."""

import threading
import time
import urllib.error
from collections import Counter
from typing import Any, Self

from tests.e2e.api import until
from tests.e2e.releases import Release
from tests.e2e.soak.dagfiles import Shape, tag
from tests.e2e.soak.line import Line

_PAUSE = 0.5
_CONFLICT = 409


class Driver:
    """Starts a run whenever there is room for one, from another thread.

    Args:
        release: Airflow.
        shapes: Its DAGs.

    """

    def __init__(self, release: Release, shapes: tuple[Shape, ...]) -> None:
        self._shapes = shapes
        self._line = Line(release)
        # A line is for one thread: this one for that of whoever delivers.
        self.asking = Line(release)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._drive, name="driver")
        self._numbers: Counter[str] = Counter()
        self._began: dict[str, float] = {}
        self._open: list[dict[str, Any]] = []
        self._failed: BaseException | None = None
        self._wanted: set[str] = set()

    def __enter__(self) -> Self:
        for shape in self._shapes:
            self._served(shape, 1)
            self._line("PATCH", f"/dags/{shape.dag_id}", {"is_paused": False})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._line.__exit__()
        self.asking.__exit__()

    def wait(self, *dag_ids: str, since: float = 0.0, seconds: float = 300) -> None:
        """Waits until a run of one of these DAGs is at work that was started after a moment, epoch seconds."""

        def works() -> bool:
            self.check()
            return any(
                one["dag_id"] in dag_ids
                and one["state"] == "running"
                and self._began.get(one["dag_run_id"], 0) >= since
                for one in tuple(self._open)
            )

        until(works, f"a run of {' or '.join(dag_ids)} is at work", seconds)

    def begin(self, dag_id: str) -> None:
        """Starts a run of this DAG out of its turn, and waits until it is at work; as soon as there is room for it."""
        began = time.time()
        self._wanted.add(dag_id)
        self.wait(dag_id, since=began)

    def used(self, number: int, *, by: str = "") -> None:
        """Waits until Airflow serves a version, and a run was started since: of any DAG, or out of its turn of this."""
        for shape in self._shapes:
            self._served(shape, number)
        if by:
            self.begin(by)
            return
        # One whose task was lost with its worker takes as long as Airflow takes to miss it: ten minutes.
        self.wait(*(shape.dag_id for shape in self._shapes), since=time.time(), seconds=900)

    def finish(self, seconds: float = 600) -> None:
        """Starts no more, and waits until all have ended."""
        self._over.set()
        self._thread.join()
        self.check()
        until(lambda: not self._unfinished(self.asking), "all runs ended", seconds)

    def check(self) -> None:
        """Fails if the other thread did."""
        if self._failed is not None:
            raise AssertionError("no more runs were started") from self._failed

    def _served(self, shape: Shape, number: int) -> None:
        until(lambda: tag(number) in self._tags(shape), f"version {number} of {shape.dag_id} is served")

    def _tags(self, shape: Shape) -> list[str]:
        """Of a DAG that is served; none else."""
        try:
            found: dict[str, Any] = self.asking("GET", f"/dags/{shape.dag_id}")
        except urllib.error.HTTPError:
            return []
        return [] if found["is_stale"] else [one["name"] for one in found["tags"]]

    @staticmethod
    def _unfinished(line: Line) -> list[dict[str, Any]]:
        answer: dict[str, Any] = line("GET", "/dags/~/dagRuns?state=running&state=queued&limit=100")
        found: list[dict[str, Any]] = answer["dag_runs"]
        return found

    def _drive(self) -> None:
        try:
            while not self._over.wait(_PAUSE):
                self._open = self._unfinished(self._line)
                at_work = Counter(one["dag_id"] for one in self._open)
                for shape in self._shapes:
                    wanted = shape.dag_id in self._wanted
                    if at_work[shape.dag_id] < shape.at_once and (wanted or self._due(shape)):
                        self._start(shape)
                        self._wanted.discard(shape.dag_id)
        except BaseException as failed:  # noqa: BLE001 - shown by who waits
            self._failed = failed

    def _due(self, shape: Shape) -> bool:
        """Runs of a DAG begin apart, so that at any moment they are at different steps."""
        last = self._began.get(shape.dag_id, 0)
        return time.time() - last >= max(shape.every, shape.steps * shape.seconds / shape.at_once)

    def _start(self, shape: Shape) -> None:
        self._numbers[shape.dag_id] += 1
        run_id = f"{shape.dag_id}-{self._numbers[shape.dag_id]}"
        self._began[shape.dag_id] = self._began[run_id] = time.time()
        try:
            self._line("POST", f"/dags/{shape.dag_id}/dagRuns", {"dag_run_id": run_id, "logical_date": None})
        except urllib.error.HTTPError as refused:
            # The answer to the first request was lost, and this is the second.
            if refused.code != _CONFLICT:
                raise
