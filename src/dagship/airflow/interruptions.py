"""Which tasks a rollout interrupted: what Airflow says of them afterwards, against the pods that ended. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dagship.airflow.activity import Activity, Task

# States that a task comes to by itself while its worker waits for it.
_BY_ITSELF = frozenset({"success", "skipped", "removed", "upstream_failed", "deferred", "up_for_reschedule"})
_FAILED = frozenset({"failed", "up_for_retry"})
_RUNNING = frozenset({"running", "restarting"})
# Clocks of nodes differ, seconds.
_ABOUT = 5.0
# The API tells times in whole seconds.
_TICK = 1.0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A pod that was told to end during a rollout.

    Attributes:
        pod: Its name.
        started: When it was made, epoch seconds.
        began: When it was told to end, or was found gone without that.
        grace: Seconds that it was given; 0 where nobody told it to end.
        gone: When it was gone; None while it is there.
        code: Exit status of its main container, None while unknown.

    """

    pod: str
    started: float
    began: float
    grace: float = 0.0
    gone: float | None = None
    code: int | None = None

    @property
    def clean(self) -> bool:
        """Whether it ended by itself and well.

        A kubelet may delete a pod before it has told how its containers ended. One that was gone before its time was
        over was not killed.
        """
        if self.code is None and self.gone is not None:
            return self.gone < self.began + self.grace - _TICK
        return self.code == 0


def interrupted(
    known: Iterable[Task], now: Activity, ended: Iterable[Ended], *, careless: Iterable[str] = ()
) -> tuple[Task, ...]:
    """Returns the tasks that did not end by themselves.

    Args:
        known: Tasks that were seen running.
        now: What Airflow says afterwards, what changed since the beginning included.
        ended: The pods that ended meanwhile.
        careless: Names of pods whose tasks are killed by SIGTERM, whatever their exit status.

    """
    ends: dict[str, list[Ended]] = {}
    for one in ended:
        ends.setdefault(one.pod, []).append(one)
    careless = frozenset(careless)
    after = {task.key: task for task in (*now.changed, *now.tasks)}
    brief = (task for task in now.changed if _failed(task))  # they may have begun and ended between two looks
    tries = {(*task.key, task.try_number): task for task in (*brief, *now.tasks, *known)}
    found: dict[tuple[object, ...], Task] = {}
    for key, task in tries.items():
        end = _end(task, ends.get(task.host, ()))
        if end is not None and _is_cut(task, end, after, clean=end.clean and task.host not in careless):
            found[key] = task
    return tuple(found.values())


def _end(task: Task, ends: Sequence[Ended]) -> Ended | None:
    """The end of the pod that a task ran in: a StatefulSet's pods come back under the same name."""
    for end in ends:
        until = end.gone if end.gone is not None else float("inf")
        if task.began is None or end.started - _ABOUT <= task.began <= until:
            return end
    return None


def _is_cut(task: Task, end: Ended, after: Mapping[tuple[str, str, str, int], Task], *, clean: bool) -> bool:
    now = after.get(task.key)
    if now is None or _was_over(task, now, end):  # the first: it ended well, at its first try
        return False
    if now.try_number > task.try_number:
        return not clean
    if now.state in _RUNNING:
        # Airflow itself finds out after minutes only.
        return now.host == task.host and now.began == task.began and end.gone is not None
    return not clean and now.state not in _BY_ITSELF


def _failed(task: Task) -> bool:
    """Whether what Airflow says of a task is of a try that began and failed, and not left from one before."""
    is_of_one_try = task.began is not None and task.ended is not None and task.began < task.ended
    return is_of_one_try and task.state in _FAILED


def _was_over(task: Task, now: Task, end: Ended) -> bool:
    """Whether a try had ended before its pod was told to end: it failed by itself, whatever became of the pod."""
    over = now.began if now.try_number > task.try_number else now.ended
    # What is not after its beginning is left from before: of a try that has not begun, or not ended.
    return over is not None and task.began is not None and task.began < over < end.began - _ABOUT
