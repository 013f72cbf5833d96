"""Proves a DAG version by runs of some DAGs, once Airflow serves it."""

import functools
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from dagship.airflow import smoke
from dagship.airflow.scheduler_python import CannotAsk
from dagship.airflow.smoke import SmokeRun
from dagship.errors import Refused, UsageError
from dagship.health import faults
from dagship.health.watcher import WorkloadFailed
from dagship.terminal.board import DONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dagship.rollout.execute.operation import Moving, Operation
    from dagship.terminal.board import Board

# Runs that are waited for side by side: by exec each costs the scheduler's container a Python.
_AT_A_TIME = 4
# For which one answer is waited.
_WINDOW = 15.0
# The pod that is asked may be replaced meanwhile; what cannot be asked at all is not asked without end.
_TRIES = 3


def check(operation: "Operation") -> tuple[str, ...]:
    """Refuses smoke runs that cannot prove anything; returns what is to be known.

    Raises:
        UsageError: The image does not have such a DAG, or Airflow cannot be asked for it.
        Refused: The DAG is paused.

    """
    options, plan = operation.options, operation.plan
    if plan.undo or not options.smoke:
        return ()
    lacking = [dag_id for dag_id in options.smoke if plan.target.dags and dag_id not in plan.target.dags]
    if lacking:
        raise UsageError(
            f"The image does not have the DAG {lacking[0]}, of which a smoke run is asked for (--smoke).",
            "Name a DAG that the test of the image found.",
        )
    warnings: list[str] = []
    for dag_id in options.smoke:
        try:
            there = operation.airflow.smoke(dag_id, "", plan.target.dag_version, 0.0)
        except CannotAsk as failed:
            raise UsageError(
                f"--smoke needs an answer of Airflow, which cannot be asked. {failed.message}",
                "See to that first, or leave --smoke out.",
            ) from failed
        if there.obstacle == "paused":
            raise Refused(
                f"The DAG {dag_id} is paused, so that a smoke run of it would not begin.",
                f"Unpause it, or leave --smoke={dag_id} out.",
            )
        left = ", ".join(filter(None, (there.run_id, *there.others)))
        warnings += [f"a smoke run of {dag_id} from before has not ended: {left}"] if left else []
    return tuple(warnings)


def prove(moving: "Moving") -> tuple[str, ...]:
    """Returns the DAGs of which a run ended well at the DAG version that is served now.

    Raises:
        WorkloadFailed: One did not, or not in time.
        OutsideError: The API server was away for too long, or the lock was lost.

    """
    operation = moving.operation
    dags = operation.options.smoke
    if not dags or operation.plan.undo:
        return ()
    over = threading.Event()
    with operation.notes.board("smoke", "Waiting for smoke runs") as board, ThreadPoolExecutor(_AT_A_TIME) as pool:
        for dag_id in dags:
            board.row(dag_id, 0, 1, "a run to end")
        begun = {pool.submit(_run, operation, dag_id, over): dag_id for dag_id in dags}
        try:
            why = _wait(moving, board, begun)
        finally:  # what still waits ends with its next answer, and what has not begun does not begin
            over.set()
            pool.shutdown(wait=False, cancel_futures=True)
        if why:
            board.failed = True
            _end(operation, begun)
            raise WorkloadFailed(_workload(operation), faults.of_workload("SmokeFailed", why))
    return dags


def _wait(moving: "Moving", board: "Board", begun: "Mapping[Future[SmokeRun], str]") -> str:
    """Returns why the first of the runs that prove nothing does not; empty once all have ended well."""
    pending = dict(begun)
    while pending:
        ended, _ = wait(pending, timeout=1.0, return_when=FIRST_COMPLETED)
        moving.ledger.check()
        for one in ended:
            dag_id = pending.pop(one)
            why = _trouble(moving.operation, dag_id, one)
            board.row(dag_id, 0 if why else 1, 1, why or DONE)
            if why:
                return why
    return ""


def _end(operation: "Operation", begun: "Mapping[Future[SmokeRun], str]") -> None:
    """Marks runs as failed that have not ended: they prove nothing any more, and would hold up who comes next."""
    for one, dag_id in begun.items():
        if one.cancelled() or one.exception() is not None:
            continue
        found = one.result()
        if found.has_ended or not found.state:
            continue
        try:
            operation.airflow.end_smoke(dag_id, found.run_id)
        except CannotAsk as why:
            said = f"goes on, since it could not be marked as failed: {why.message}"
        else:
            said = "had not ended, and was marked as failed"
        operation.notes.warn([f"the smoke run {found.run_id} of {dag_id} {said}"])


def _run(operation: "Operation", dag_id: str, over: threading.Event) -> SmokeRun:
    """Begins a run and waits for its end; returns it as it was at last."""
    version = operation.plan.target.dag_version
    run_id = smoke.run_id(version, operation.cluster.clock())
    ask = functools.partial(operation.airflow.smoke, dag_id, version=version)
    deadline, refused = time.monotonic() + operation.options.timeout, 0
    while True:
        left = max(0.0, deadline - time.monotonic())
        try:
            found = ask(run_id, seconds=min(left, _WINDOW))
        except CannotAsk:
            refused += 1
            if refused == _TRIES:
                raise
            over.wait(1.0)
            continue
        refused, run_id = 0, found.run_id or run_id
        if found.has_ended or not left or over.is_set():
            return found


def _trouble(operation: "Operation", dag_id: str, ended: "Future[SmokeRun]") -> str:
    try:
        found = ended.result()
    except CannotAsk as why:
        return f"what became of the smoke run of {dag_id} is not known: {why.message}"
    return smoke.trouble(found, operation.plan.target.dag_version, limit=operation.options.timeout)


def _workload(operation: "Operation") -> str:
    """The scheduler, for people: it begins the tasks of a run."""
    found = [one.key for one in operation.survey.inventory.workloads if one.role == "scheduler"]
    return next((key for key in found if key in operation.meant), *found[:1] or ["Airflow"])
