"""What a soak comes to; a pure function of its evidence."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from tests.e2e.soak.dagfiles import MARK, RETRIED
from tests.e2e.soak.evidence import Cleared, Evidence, RunEnd, Sighting, TaskEnd


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures.

    Attributes:
        runs: Runs there were.
        tasks: Tasks that ran.
        mixed: Runs that saw more than one version, of the DAG file, of the module beside it, or of both together.
        stale: Runs with the tasks of another version than the one that they are stamped with, or with its code.
        late: Those of them whose tasks all ran on that version, and were but made of the one before: Airflow reads a DAG,
            and only then the version that it stamps the run with. No delivery can close that.
        interrupted: Tasks that failed, or began more often than they should: once, but where that was asked for.
        requeued: Tasks of which a scheduler gave up a try before it began: nothing of them was lost.
        failed: Runs that did not succeed.
        spanning: Runs with a task before a version was first seen by anyone, and one after it.
        kept: Those of them that saw one version, and an older one than others had seen before.
        unseen: Tasks that succeeded and left no word of what they saw.
        thin: Deliveries of which no pod is new.
        seconds: Of each delivery.
        draining: Seconds of each in which workers were ending their tasks; empty where none had to go.

    """

    runs: int
    tasks: int
    mixed: int
    stale: int
    late: int
    interrupted: int
    requeued: int
    failed: int
    spanning: int
    kept: int
    unseen: int
    thin: int
    seconds: tuple[float, ...]
    draining: tuple[float, ...]


def figures(evidence: Evidence) -> Figures:
    """Counts."""
    by_run: dict[tuple[str, str], list[Sighting]] = defaultdict(list)
    executions: Counter[Cleared] = Counter()
    for one in evidence.sightings:
        by_run[one.dag_id, one.run_id].append(one)
        executions[one.dag_id, one.run_id, one.task_id] += 1
    announced = _announced(evidence)
    spans = [seen for seen in by_run.values() if _spans(announced, seen)]
    return Figures(
        runs=len(evidence.runs),
        tasks=len(executions),
        mixed=sum(len({version for one in seen for version in (one.file, one.helper)}) > 1 for seen in by_run.values()),
        stale=sum(_stale(evidence, run, by_run[run.dag_id, run.run_id]) for run in evidence.runs),
        late=sum(_late(evidence, run, by_run[run.dag_id, run.run_id]) for run in evidence.runs),
        interrupted=sum(
            task.state == "failed" or max(task.begun, executions[_of(task)]) > _asked(evidence, task)
            for task in evidence.tasks
        ),
        requeued=sum(0 < task.begun < len(task.tries) for task in evidence.tasks),
        failed=sum(run.state != "success" for run in evidence.runs),
        spanning=len(spans),
        kept=sum(_kept(announced, seen) for seen in spans),
        unseen=sum(task.state == "success" and not executions[_of(task)] for task in evidence.tasks),
        thin=sum(one.pods == 0 for one in evidence.delivered),
        seconds=tuple(one.seconds for one in evidence.delivered),
        draining=tuple(one.draining for one in evidence.delivered if one.draining is not None),
    )


def _of(task: TaskEnd) -> Cleared:
    return task.dag_id, task.run_id, task.task_id


def _asked(evidence: Evidence, task: TaskEnd) -> int:
    """How often a task was to begin."""
    return 1 + (task.task_id == RETRIED) + (_of(task) in evidence.cleared)


def _stale(evidence: Evidence, run: RunEnd, seen: list[Sighting]) -> bool:
    """Whether a run is of another version than its stamp says, by its tasks or by what they saw."""
    number = evidence.numbers.get(run.stamp)
    if number is None:
        return bool(evidence.numbers)
    return not _marks(evidence, run).keys() <= {f"{MARK}{number}"} or _saw_other(number, seen)


def _late(evidence: Evidence, run: RunEnd, seen: list[Sighting]) -> bool:
    """Whether it is so by a task alone that Airflow took out of the run, since its version has none of that name."""
    number = evidence.numbers.get(run.stamp)
    if number is None or _saw_other(number, seen):
        return False
    others = {state for mark, state in _marks(evidence, run).items() if mark != f"{MARK}{number}"}
    return others == {"removed"}


def _marks(evidence: Evidence, run: RunEnd) -> dict[str, str]:
    """The tasks of a run that say of which version it is, and how each ended."""
    return {
        task.task_id: task.state
        for task in evidence.tasks
        if (task.dag_id, task.run_id) == (run.dag_id, run.run_id) and task.task_id.startswith(MARK)
    }


def _saw_other(number: int, seen: list[Sighting]) -> bool:
    return any({one.file, one.helper} != {number} for one in seen)


def _announced(evidence: Evidence) -> dict[int, float]:
    """When each version was first seen: from then on there is something to mix it with."""
    first: dict[int, float] = {}
    for one in evidence.sightings:
        version = max(one.file, one.helper)
        first[version] = min(one.at, first.get(version, one.at))
    return first


def _spans(announced: dict[int, float], seen: list[Sighting]) -> bool:
    return any(min(one.at for one in seen) < at <= max(one.at for one in seen) for at in announced.values())


def _kept(announced: dict[int, float], seen: list[Sighting]) -> bool:
    return len({version for one in seen for version in (one.file, one.helper)}) == 1 and any(
        one.file < version and one.at >= at for one in seen for version, at in announced.items()
    )
