"""Looks after tasks and runs in a rollout: asks which there are, waits for some, watches the rest, and counts."""

import functools
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from dagship.airflow import interruptions, pinned_runs, wait_for_runs
from dagship.airflow.drain import Drains
from dagship.errors import OutsideError, Refused, UsageError
from dagship.record.ledger import Ledger
from dagship.rollout.execute.operation import Observed, Operation
from dagship.rollout.plan import drift
from dagship.rollout.plan.model import Planned
from dagship.rollout.preflight import dag_source, graceful_stop, sigterm, unfinished_runs
from dagship.rollout.results import RolloutResult, TaskReport
from dagship.rollout.thin import way

if TYPE_CHECKING:
    from dagship.airflow.activity import Activity
    from dagship.cluster.api import Cluster

# What Airflow said this long ago is asked anew, seconds: while another rollout was waited for.
_OLD = 30.0
# Clocks differ, seconds.
_ABOUT = 5.0


def ask(operation: Operation) -> Operation:
    """Asks the Airflow whose workloads move for its runs and tasks."""
    plan = operation.plan
    operation = replace(operation, meant=plan.about or frozenset(move.key for move in plan.moves))
    activity, why_not = operation.airflow.activity_or_reason()
    return replace(operation, observed=Observed(activity=activity, why_not=why_not, at=time.monotonic()))


def is_old(observed: Observed) -> bool:
    """Whether runs and tasks may be others by now."""
    return time.monotonic() - observed.at > _OLD


def look_again(operation: Operation) -> Operation:
    """Asks and checks again before things begin to move, and says what is to be known.

    Raises:
        Refused: As `check`.

    """
    operation, found = check(ask(operation))
    operation.notes.warn(found)
    return operation


def check(operation: Operation) -> tuple[Operation, tuple[str, ...]]:
    """Refuses what would cost tasks or runs; returns what is to be known, and which pods are careless of their tasks.

    Raises:
        Refused: Tasks would be killed, or runs left without their code.
        UsageError: Runs are to be waited for, and Airflow cannot be asked for them.

    """
    options, plan, observed = operation.options, operation.plan, operation.observed
    activity = observed.activity
    if plan.announces:  # no pod ends, and what runs can have stays
        return operation, ()
    if activity is None and options.wait_for_runs is not None:
        raise UsageError(
            f"--wait-for-runs needs an answer of Airflow, which cannot be asked for its runs: {observed.why_not}",
            "See to that first, or leave --wait-for-runs out.",
        )
    if all(drift.stays(move, operation.survey.inventory.objects.get((move.kind, move.name))) for move in plan.writes):
        return operation, ()
    said = [f"Airflow could not be asked for its runs and tasks: {observed.why_not}"] if activity is None else []
    if activity is not None and not plan.undo:
        said += unfinished_runs.check(
            activity,
            plan.target,
            operation.survey.inventory.workloads,
            announced=way.current(plan.moves),
            waits=options.wait_for_runs is not None,
            interrupt=options.interrupt_tasks,
        )
    pods = operation.cluster.list("Pod")
    found = graceful_stop.of_moves(
        plan.writes, operation.survey, pods, activity, functools.partial(_look, operation.cluster)
    )
    # What goes back has to, whatever it costs.
    for one in found:
        if one.kills and not options.interrupt_tasks and not plan.undo:
            raise Refused(f"{one.said[0].upper()}{one.said[1:]}.", one.hint)
        said.append(one.said)
    careless = frozenset(pod for one in found for pod in one.careless)
    return replace(operation, careless=careless), tuple(said)


def _look(cluster: "Cluster", pod: str, container: str) -> sigterm.Seen | None:
    """Asks a container for its process 1; returns None where it cannot be asked."""
    try:
        code, said = cluster.exec(pod, container, sigterm.LOOK)
    except OutsideError:  # no shell, or the pod ended just now
        return None
    return sigterm.seen(said) if code == 0 else None


def wait(operation: Operation, ledger: Ledger) -> Operation:
    """Waits for the runs that need what the image lacks, if that was asked for.

    Raises:
        Refused: They did not end in time, or tasks would be killed that began meanwhile.

    """
    limit, plan, activity = operation.options.wait_for_runs, operation.plan, operation.observed.activity
    if limit is None or activity is None or plan.undo or not pinned_runs.lacking(activity, plan.target):
        return operation
    with operation.notes.board("waiting", "Waiting for runs") as board:
        activity = wait_for_runs.until_ended(
            operation.airflow.activity_or_reason,
            activity,
            plan.target,
            limit=limit,
            board=board,
            check=ledger.check,
        )
    # Tasks may run by now where none did.
    operation, found = check(replace(operation, observed=replace(operation.observed, activity=activity)))
    operation.notes.warn(found)
    return operation


def watch(operation: Operation) -> Drains:
    """Begins to take note of the pods that end."""
    return Drains(operation.observed.activity, lambda: operation.airflow.activity_or_reason()[0])


def counted(operation: Operation, drains: Drains, result: RolloutResult) -> RolloutResult:
    """Returns the result with what became of tasks and runs, and with all that was noticed to the end."""
    before, notes = operation.observed.activity, operation.notes
    if before is None or result.outcome == "unchanged" or operation.plan.announces:
        return result.model_copy(update={"warnings": tuple(notes.warnings)})
    with notes.step("counting", "Asking Airflow what became of its tasks"):
        now, why = operation.airflow.activity_or_reason(since=before.asked - _ABOUT)
    where = _elsewhere(now, operation.plan) if now and result.outcome == "moved" else ""
    lost = pinned_runs.stranded(now) if now else f"Airflow could not be asked what became of its tasks: {why}"
    notes.warn(filter(None, (lost, where)))
    cut = interruptions.interrupted(drains.known, now, drains.ended, careless=operation.careless) if now else None
    tasks = TaskReport(
        running=before.running,
        interrupted=cut,
        draining=round(drains.seconds, 2),
        runs=now.by_version if now else {},
    )
    failed = {"passed": False, "state": f"It moved, and {where}."} if where else {}
    return result.model_copy(
        update={
            "tasks": tasks,
            "warnings": tuple(notes.warnings),
            "seconds": dict(notes.seconds),
            "requests": sum(operation.cluster.requests.values()),
            **failed,
        }
    )


def _elsewhere(now: "Activity", planned: Planned) -> str:
    """Returns what to say where a scheduler that has moved does not have its DAGs from the image; else nothing."""
    version = planned.target.dag_version
    moved = any(move.role == "scheduler" and move.images for move in planned.moves)
    where = dag_source.elsewhere(now, version) if version and moved else ""
    return where and f"Airflow does not serve the DAGs {version} of the image, but has its DAGs from {where}"
