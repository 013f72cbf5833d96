"""What a rollout does for tasks and runs: asks which there are, waits for some, watches the rest, and counts."""

import functools
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from dagship.airflow import interruptions, orphaned_runs, pinned_runs, query, wait_for_runs
from dagship.airflow.drain import Drains
from dagship.errors import OutsideError, Refused, UsageError
from dagship.rollout.execute.operation import Run
from dagship.rollout.plan import dag_version, drift
from dagship.rollout.plan.model import Planned
from dagship.rollout.preflight import dag_source, graceful_stop, sigterm
from dagship.rollout.results import RolloutResult, TaskReport

if TYPE_CHECKING:
    from dagship.airflow.activity import Activity
    from dagship.cluster.api import Cluster
    from dagship.record.lease import Lease
    from dagship.rollout.survey import Survey

# What Airflow said this long ago is asked anew, seconds: while another rollout was waited for.
_OLD = 30.0
# Clocks differ, seconds.
_ABOUT = 5.0


def asked(run: Run, survey: "Survey", planned: Planned) -> "Survey":
    """Asks Airflow for its runs and tasks; returns the survey with the answer."""
    prefer = frozenset(move.key for move in planned.moves)
    run.activity, run.unasked = query.ask(run.cluster, survey.inventory, prefer=prefer)
    run.when = time.monotonic()
    return replace(survey, activity=run.activity)


def again(run: Run, survey: "Survey", planned: Planned, *, before: "Survey") -> tuple["Survey", bool]:
    """Returns the survey with an answer that is not old, and whether Airflow was asked anew for that.

    Args:
        run: What runs.
        survey: What the namespace holds now.
        planned: What was planned before.
        before: What it held then: a rollout that ended since has changed what new runs are pinned to.

    """
    if time.monotonic() - run.when > _OLD or survey.record != before.record:
        return asked(run, survey, planned), True
    return replace(survey, activity=run.activity), False


def check(run: Run, planned: Planned, survey: "Survey") -> tuple[str, ...]:
    """Refuses what would cost tasks or runs; returns what is to be known.

    Raises:
        Refused: Tasks would be killed, or runs left without their code.
        UsageError: Runs are to be waited for, and Airflow cannot be asked for them.

    """
    wants = run.asked
    if run.activity is None and wants.wait_for_runs is not None:
        raise UsageError(
            f"--wait-for-runs needs an answer of Airflow, which cannot be asked for its runs: {run.unasked}",
            "See to that first, or leave --wait-for-runs out.",
        )
    moves = [move.reversed() for move in planned.moves] if planned.undo else planned.moves
    if all(drift.stays(move, survey.inventory.objects[move.kind, move.name]) for move in moves):
        return ()
    said = [] if run.activity is not None else [f"Airflow could not be asked for its runs and tasks: {run.unasked}"]
    lacking = pinned_runs.lacking(run.activity, planned.target) if run.activity and not planned.undo else {}
    if lacking and wants.wait_for_runs is None:
        refusal = pinned_runs.refusal(lacking, orphaned_runs.stuck(run.activity, lacking) if run.activity else "")
        if not wants.interrupt_tasks:
            raise refusal
        said.append(refusal.message)
    if run.activity and not planned.undo and (unknown := pinned_runs.unknown(run.activity, planned.target)):
        said.append(unknown)
    if run.activity and not planned.undo:
        said += filter(
            None,
            (orphaned_runs.leaving(run.activity, planned.target), orphaned_runs.moving(run.activity, planned.target)),
        )
    current = dag_version.announced(survey.inventory.workloads, run.activity) if run.activity else ""
    if (
        run.activity
        and not planned.undo
        and (announced := pinned_runs.announced(run.activity, planned.target, current))
    ):
        said.append(announced)
    found = graceful_stop.of_moves(
        moves, survey, run.cluster.list("Pod"), run.activity, functools.partial(_look, run.cluster)
    )
    run.careless = frozenset(pod for one in found for pod in one.careless)
    # What goes back has to, whatever it costs.
    for one in found:
        if one.kills and not wants.interrupt_tasks and not planned.undo:
            raise Refused(f"{one.said[0].upper()}{one.said[1:]}.", one.hint)
        said.append(one.said)
    return tuple(said)


def _look(cluster: "Cluster", pod: str, container: str) -> sigterm.Seen | None:
    """What a container says of its process 1; None where it cannot be asked."""
    try:
        code, said = cluster.exec(pod, container, sigterm.LOOK)
    except OutsideError:  # no shell, or the pod ended just now
        return None
    return sigterm.seen(said) if code == 0 else None


def wait(run: Run, lease: "Lease", planned: Planned, survey: "Survey") -> None:
    """Waits for the runs that need what the image lacks, if that was asked for.

    Raises:
        Refused: They did not end in time, or tasks would be killed that began meanwhile.

    """
    limit = run.asked.wait_for_runs
    if limit is None or run.activity is None or planned.undo or not pinned_runs.lacking(run.activity, planned.target):
        return
    prefer = frozenset(move.key for move in planned.moves)
    with run.timed("waiting"), run.console.board("Waiting for runs") as board:
        run.activity = wait_for_runs.until_ended(
            lambda: query.ask(run.cluster, survey.inventory, prefer=prefer),
            run.activity,
            planned.target,
            limit=limit,
            board=board,
            check=lease.check,
        )
    # Tasks may run by now where none did.
    run.warn(check(run, planned, survey))


def watch(run: Run, planned: Planned, survey: "Survey") -> None:
    """Begins to take note of the pods that end."""
    prefer = frozenset(move.key for move in planned.moves)

    def ask() -> "Activity | None":
        return query.ask(run.cluster, survey.inventory, prefer=prefer)[0]

    run.drains = Drains(run.activity, ask)


def counted(run: Run, result: RolloutResult, planned: Planned, survey: "Survey") -> RolloutResult:
    """Returns the result with what became of tasks and runs."""
    if run.drains is None or run.activity is None or result.outcome == "unchanged":
        return result
    prefer = frozenset(move.key for move in planned.moves)
    with run.timed("counting"), run.console.step("Asking Airflow what became of its tasks"):
        now, why = query.ask(run.cluster, survey.inventory, prefer=prefer, since=run.activity.asked - _ABOUT)
    found = [pinned_runs.stranded(now) if now else f"Airflow could not be asked what became of its tasks: {why}"]
    where = _elsewhere(now, planned) if now and result.outcome == "moved" else ""
    found += [where]
    run.warn(filter(None, found))
    warnings = (*result.warnings, *filter(None, found))
    ended = run.drains.ended
    cut = interruptions.interrupted(run.drains.known, now, ended, careless=run.careless) if now else None
    report = TaskReport(
        running=run.activity.running,
        interrupted=cut,
        draining=round(run.drains.seconds, 2),
        runs=now.by_version if now else {},
    )
    more = {"tasks": report, "warnings": warnings, "seconds": dict(run.seconds)}
    more |= {"passed": False, "state": f"It moved, and {where}."} if where else {}
    return result.model_copy(update={**more, "requests": sum(run.cluster.requests.values())})


def _elsewhere(now: "Activity", planned: Planned) -> str:
    """Returns what to say where a scheduler that has moved does not have its DAGs from the image; else nothing."""
    version = planned.target.dag_version
    moved = any(move.role == "scheduler" and move.images for move in planned.moves)
    where = dag_source.elsewhere(now, version) if version and moved else ""
    return where and f"Airflow does not serve the DAGs {version} of the image, but has its DAGs from {where}"
