"""Keeps runs of an Airflow 2 from seeing two versions: no run of a DAG that changes is under way while things move.

Which DAGs are to be paused is written to the record before they are, so that whatever becomes of this run, the next one
knows what to unpause.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dagship.airflow import affected_dags
from dagship.airflow.scheduler_python import CannotAsk
from dagship.errors import DagshipError, OutsideError, Refused, UsageError
from dagship.record.ledger import Ledger
from dagship.record.model import Hold
from dagship.rollout.execute import runs as unfinished
from dagship.rollout.execute.operation import Operation

if TYPE_CHECKING:
    from dagship.airflow.affected_dags import Dag
    from dagship.airflow.pause import DagList

# One command in the pod lasts no longer. Between two of them, while Python starts, runs may begin: so not for short.
_AT_A_TIME = 60.0
# A scheduler that has just moved is ready within this, seconds.
_PATIENCE = 90.0
_NAMED = 5


def check(operation: Operation) -> None:
    """Says which DAGs would be paused; refuses where that makes no sense.

    Raises:
        UsageError: It is no Airflow 2, or cannot be asked.

    """
    if not _is_asked_for(operation):
        return
    listed, dags = _look(operation)
    console = operation.console
    if not dags:
        console.say("No DAG changes that has to be held.")
        return
    under_way = sum(dag.running for dag in dags)
    all_of_them = " (all)" if len(dags) == len(listed.dags) else ""
    console.say(
        f"DAGs to hold: {_names(dag.dag_id for dag in dags)}{all_of_them}; "
        f"{under_way} {'run' if under_way == 1 else 'runs'} of theirs under way."
    )


@contextmanager
def paused(operation: Operation, ledger: Ledger) -> Iterator[Operation]:
    """Keeps what changes paused while the block runs, and unpauses it afterwards, with what an earlier run left paused.

    Raises:
        Refused: Runs were still under way when the time was over; nothing was moved.
        OutsideError: Airflow did not answer; nothing was moved.

    """
    asked = _is_asked_for(operation)
    if not asked and ledger.record.hold is None:
        yield operation
        return
    try:
        if asked:
            with operation.notes.timed("hold"):
                operation = _pause(operation, ledger)
        yield operation
    finally:
        # As written last: the block may have ended before it knew of it.
        if ledger.record.hold is not None:
            _unpause(operation, ledger, ledger.record.hold)


def _is_asked_for(operation: Operation) -> bool:
    return operation.options.hold is not None and not operation.plan.undo


def _pause(operation: Operation, ledger: Ledger) -> Operation:
    listed, dags = _look(operation)
    before = ledger.record.hold
    ours = set(before.dags) if before else set()
    _refuse(sorted(dag.dag_id for dag in dags if dag.paused and dag.running and dag.dag_id not in ours))
    if not dags:
        return operation
    dag_ids = tuple(dag.dag_id for dag in dags)
    since = min(before.since, listed.asked) if before else listed.asked
    # Those that are paused already as well: one that somebody lets run meanwhile is paused too. Of all these, what
    # Airflow's own log says that we paused is unpaused.
    ledger.hold(Hold(since=since, dags=tuple(sorted(ours.union(dag_ids)))))
    seconds = operation.options.hold or operation.options.timeout
    deadline = time.monotonic() + seconds
    busy: dict[str, int] = {}
    with operation.console.step(f"Holding {len(dags)} DAGs until no run of theirs is under way") as step:
        pending = dag_ids
        while (left := deadline - time.monotonic()) > 0:
            ledger.check()
            state = operation.airflow.pause(pending, since=since, seconds=min(_AT_A_TIME, left))
            if state.done and pending == dag_ids:
                # What runs when things begin to move is asked again: that was a while ago.
                return unfinished.look_again(operation)
            _refuse(state.frozen)
            busy = state.running
            # Where there are many, those that are paused need no watching until the end.
            pending = tuple(sorted(busy)) or dag_ids
            named = ", ".join(f"{dag} ({runs})" for dag, runs in sorted(busy.items())[:_NAMED])
            step.say(f"{sum(busy.values())} runs under way: {named}")
    raise Refused(
        f"Runs of {_names(busy) or 'DAGs to hold'} were still under way after {seconds:g} s; nothing was moved.",
        "Give them longer: --hold-for-runs=SECONDS.",
    )


def _refuse(frozen: Iterable[str]) -> None:
    frozen = tuple(frozen)
    if frozen:
        raise Refused(
            f"Somebody paused {_names(frozen)} in the middle of a run, which cannot end; nothing was moved.",
            "Unpause it so that the run ends, or mark the run as failed.",
        )


def _look(operation: Operation) -> "tuple[DagList, tuple[Dag, ...]]":
    target, activity = operation.plan.target, operation.observed.activity
    try:
        changes = target.dag_changes
        current = activity.current if activity else ""
        lists = [changes[current]] if current in changes else changes.values()
        paths = {path for differ in lists for path in differ or ()}
        listed = operation.airflow.dags(paths)
    except CannotAsk as failed:
        raise UsageError(
            f"--hold-for-runs needs to ask Airflow, which cannot be done. {failed.message}",
            "See to that first; or leave --hold-for-runs out, and runs under way may see two versions.",
        ) from failed
    if not listed.airflow.startswith("2."):
        raise UsageError(
            f"--hold-for-runs is for Airflow 2, and Airflow {listed.airflow} runs here.",
            "Leave it out: where Airflow 3 serves the DAGs of its image, a run ends on the version it began with.",
        )
    # An unfinished rollout may have left two versions under way.
    differ = None if operation.unfinished else affected_dags.files(target, listed.version)
    return listed, affected_dags.affected(listed.dags, differ, listed.there)


def _unpause(operation: Operation, ledger: Ledger, hold: Hold) -> None:
    try:
        ledger.check()
        with operation.console.step(f"Letting {len(hold.dags)} DAGs go"):
            _insist(operation, hold)
        ledger.hold(None)
    except DagshipError as failed:
        said = (
            f"{_names(hold.dags)} may still be held: {failed.message} The next rollout, rollback or rollout --undo "
            "lets them go; airflow dags unpause does as well."
        )
        operation.notes.warn([said])


def _insist(operation: Operation, hold: Hold) -> None:
    """The scheduler may be starting."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            operation.airflow.unpause(hold.dags, since=hold.since)
        except OutsideError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(2.0)
        else:
            return


def _names(dags: Iterable[str]) -> str:
    names = sorted(dags)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
