"""Follows terminating pods and the tasks in them, as whoever watches the pods anyway sees them.

Airflow is asked again while they drain, beside the watching: an answer takes seconds.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from dagship.airflow.activity import Activity, Task
from dagship.airflow.interruptions import Ended
from dagship.workloads.status import PodState

# Seconds between two questions: a person looks at the answer, nothing waits for it.
EVERY = 15.0

Ask = Callable[[], Activity | None]
Last = Callable[[str], PodState | None]


class Drains:
    """The pods of one rollout that end.

    Args:
        activity: What Airflow said before; None when it could not be asked, and is not asked again.
        ask: Asks again.

    """

    def __init__(self, activity: Activity | None, ask: Ask) -> None:
        self.seconds = 0.0
        self._known: dict[tuple[object, ...], Task] = {}
        self._ends: dict[str, Ended] = {}
        # By workload and uid, as they were last.
        self._there: dict[str, dict[str, PodState]] = {}
        self._draining: set[str] = set()
        self._last: float | None = None
        self._activity = activity
        self._ask = ask
        self._asked = time.monotonic()
        self._thread: threading.Thread | None = None
        self._take(activity)

    @property
    def ended(self) -> tuple[Ended, ...]:
        """The pods that ended, or are about to."""
        return tuple(self._ends.values())

    @property
    def known(self) -> tuple[Task, ...]:
        """Every task that was seen running."""
        return tuple(self._known.values())

    def see(
        self, workload: str, pods: Iterable[PodState], now: float, *, worker: bool, last: Last = lambda _: None
    ) -> str:
        """Takes a look at a workload's pods; returns what drains, for people, or nothing.

        Args:
            workload: `statefulset/worker`.
            pods: Its pods.
            now: Epoch seconds.
            worker: Whether tasks are sent there.
            last: Tells how a pod that is gone was at last, by its uid, as far as known.

        """
        pods = tuple(pods)
        for pod in pods:
            if pod.deleting is not None:
                self._end(pod)
        self._gone(workload, pods, now, last)
        leaving = [pod.name for pod in pods if pod.deleting is not None]
        if worker:
            self._count(workload, now, draining=bool(leaving))
        said = self._said(leaving)
        if leaving and (worker or said):
            self._ask_again()
        return said

    def _end(self, pod: PodState) -> None:
        main = next((one for one in pod.containers if not one.init), None)
        is_over = main is not None and main.running_since is None and not main.waiting
        code = main.exit_code if main is not None and is_over else None
        seen = self._ends.get(pod.uid)
        if seen is None:
            seen = Ended(pod=pod.name, started=pod.started, began=pod.told or 0.0, grace=pod.grace)
            self._ends[pod.uid] = seen
        if code is not None:
            self._ends[pod.uid] = replace(seen, code=code)

    def _gone(self, workload: str, pods: tuple[PodState, ...], now: float, last: Last) -> None:
        there = {pod.uid: pod for pod in pods}
        by_name = {pod.name: pod for pod in pods}
        for uid, pod in self._there.get(workload, {}).items():
            if uid not in there:
                # Its end and its going may come as one.
                at_last = last(uid)
                if at_last is not None and at_last.deleting is not None:
                    self._end(at_last)
                successor = by_name.get(pod.name)
                gone = successor.started if successor else now
                # One that is deleted by force, or with its node, is never seen ending.
                end = self._ends.get(uid) or Ended(pod=pod.name, started=pod.started, began=gone)
                self._ends[uid] = replace(end, gone=gone)
        self._there[workload] = there

    def _count(self, workload: str, now: float, *, draining: bool) -> None:
        if self._draining and self._last is not None:
            self.seconds += max(now - self._last, 0.0)
        self._last = now
        if draining:
            self._draining.add(workload)
        else:
            self._draining.discard(workload)

    def _said(self, leaving: list[str]) -> str:
        activity = self._activity
        by_host = activity.by_host if activity else {}
        busy = [(len(by_host[name]), name) for name in leaving if name in by_host]
        if not busy:
            return ""
        return "draining: " + ", ".join(f"{count} task{'s' if count > 1 else ''} on {name}" for count, name in busy)

    def _ask_again(self) -> None:
        if self._activity is None or time.monotonic() - self._asked < EVERY:
            return
        if self._thread is not None and self._thread.is_alive():
            return
        self._asked = time.monotonic()
        self._thread = threading.Thread(target=self._listen, name="dagship-drains", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        found = self._ask()
        if found is not None:
            self._activity = found
            self._take(found)

    def _take(self, activity: Activity | None) -> None:
        for task in activity.tasks if activity else ():
            self._known[*task.key, task.try_number] = task
