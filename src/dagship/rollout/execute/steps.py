"""Moves what a plan says, step by step: the journal before the first change, the release after the last."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dagship.airflow.drain import Drains
from dagship.cluster.feed import Feed
from dagship.diagnosis import events_and_logs
from dagship.diagnosis.failure import Failure
from dagship.diagnosis.present import show_failure
from dagship.errors import DagshipError, Transient
from dagship.health import faults
from dagship.health.watcher import WorkloadFailed
from dagship.model.kept_document import KeptDocument
from dagship.record.actor import signature
from dagship.record.ledger import Ledger
from dagship.record.model import Move
from dagship.rollout.execute import annotate, announce, apply, served, smoke, tell
from dagship.rollout.execute.history import is_last, journal_of, released
from dagship.rollout.execute.operation import Moving, Operation
from dagship.rollout.execute.undo import go_back
from dagship.rollout.plan import drift, expectations, own_releases, server_answer
from dagship.rollout.plan.step_order import STEPS
from dagship.rollout.results import RolloutResult
from dagship.rollout.survey import read_namespace
from dagship.workloads import spec
from dagship.workloads.image_identity import same_image
from dagship.workloads.kinds import FED

if TYPE_CHECKING:
    from dagship.health.expectation import Expectation


def carry_out(operation: Operation, ledger: Ledger, drains: Drains) -> RolloutResult:
    """Carries a plan out, and writes it down.

    Raises:
        OutsideError: The API server was away for too long, or the lock was lost; the next run goes on from there.

    """
    plan = operation.plan
    objects, own_values = operation.survey.inventory.objects, operation.own_values
    changes = operation.unfinished is not None or any(
        drift.outstanding(move, objects.get((move.kind, move.name)), own_values) for move in plan.moves
    )
    before = served.before(operation)
    if changes and not plan.undo:
        broken = before.broken if before else None
        ledger.journal(journal_of(plan, operation.unfinished, signature(), broken=broken))
    releases = own_releases.own(operation.survey, operation.options.names) if changes and not plan.undo else ()
    what_changes = tell.begin(operation.compare.tell, releases, plan.target)
    with Feed(operation.cluster, FED) as feed:
        moving = Moving(operation=operation, ledger=ledger, feed=feed, drains=drains, before=before)
        if plan.undo:
            return go_back(moving, None)
        try:
            is_served = _forward(moving)
            proven = smoke.prove(moving)
        except WorkloadFailed as failed:
            failure = events_and_logs.failure(operation.cluster, failed)
            show_failure(operation.console, failure)
            if not changes:
                state = "It says the image already; nothing was changed, and pods that were broken got a new start."
                return operation.result("left", failure=failure, state=state)
            return go_back(moving, failure) if operation.options.undo else _leave(moving, failure)
    if not changes:
        # Where somebody else has put the image there, no release is made of it: nothing was done that could be undone.
        number = ledger.record.releases[-1].number if is_last(ledger.record, plan) else None
        return operation.result("unchanged", release=number, served=is_served, proven=proven)
    for move in plan.moves:
        ledger.check()
        apply.restore(operation.cluster, move)
    activity, unfinished = operation.observed.activity, operation.unfinished
    served_at = signature().when if is_served else ""
    told = what_changes(0.0)
    record = released(
        ledger.record,
        moving.came,
        activity,
        signature(),
        unfinished=unfinished,
        served=served_at,
        proven=proven,
        changes=told if isinstance(told, KeptDocument) else None,
    )
    ledger.write(record)
    _sweep(moving)
    if told is None:
        with operation.console.step("Comparing with the release before"):
            told = _told_late(ledger, what_changes(tell.PATIENCE))
    number = ledger.record.releases[-1].number
    return operation.result("moved", release=number, served=is_served, proven=proven, told=told)


def _told_late(ledger: Ledger, told: tell.Told | None) -> tell.Told:
    """Adds to a release that is recorded what it changed; that this cannot be written makes nothing of it undone."""
    if not isinstance(told, KeptDocument):
        return "it was not compared in time" if told is None else told
    *others, last = ledger.record.releases
    last = last.model_copy(update={"changes": told})
    try:
        ledger.write(ledger.record.model_copy(update={"releases": (*others, last)}))
    except DagshipError as failed:
        return failed.message.rstrip(".")
    return told


def _sweep(moving: Moving) -> None:
    """What was announced goes with its image, once no pod runs that: tasks may have pods of their own."""
    operation = moving.operation
    plan = operation.plan
    if plan.announces or not plan.sweeps:
        return
    moving.ledger.check()
    try:
        pods = annotate.mounting(operation.cluster.list("Pod"), plan.sweeps)
        if any(not same_image(spec.main_image(pod), plan.target.image) for pod in pods):
            return
        # Pods may have taken hours to move. Who cleared a task of a run that had ended needs its version again.
        now, _ = operation.airflow.activity_or_reason()
        announce.sweep(operation.cluster, plan.sweeps, plan.target.held, operation.needs._replace(activity=now))
    except DagshipError as failed:
        operation.notes.warn([f"packages of DAG versions stay in the ConfigMap {plan.sweeps}: {failed.message}"])


def _forward(moving: Moving) -> bool:
    """Moves all; returns whether Airflow is known to serve it."""
    operation = moving.operation
    before: tuple[Expectation, ...] = ()
    for step, title in enumerate(STEPS):
        moves = [move for move in operation.plan.moves if move.step == step]
        if not moves:
            continue
        if operation.plan.announces and all(move.role == "announcement" for move in moves):
            _announce(moving, moves)
            continue
        with operation.notes.board(title, f"Moving {title}") as board:
            for move in moves:
                moving.ledger.check()
                move_one(moving, move)
            expected = expectations.of_moves(move for move in moving.came.moves if move.step == step)
            moving.watcher(board, operation.plan.target).until_done(expected, before=before)
        before += expected
    return operation.plan.announces or served.moved(moving)


def _announce(moving: Moving, moves: Iterable[Move]) -> None:
    notes = moving.operation.notes
    for move in moves:
        with notes.step("announcing", "Announcing the DAG version"):
            moving.ledger.check()
            move_one(moving, move)
        with notes.board("serving", "Waiting until Airflow serves it") as board:
            served.announced(moving, board, move.name, moving.announced[move.key])


def move_one(moving: Moving, move: Move) -> None:
    """Makes the change; a refusal is a reason to go back, a server that is away is not.

    What the server made of it is in the journal before anything else happens: nobody could tell whose it is.

    Raises:
        WorkloadFailed: The server refused it, or put another image there.

    """
    try:
        answer = apply.one(moving, move)
    except Transient:
        raise
    except DagshipError as refused:
        raise WorkloadFailed(move.key, faults.of_workload("Refused", refused.message)) from refused
    if moving.keep(move, answer):
        moving.write_journal()
    other = server_answer.replaced(move, answer)
    if other is not None:
        said = f"the server put {other[1]} in the place of {other[0]}: an admission webhook of the cluster does that"
        raise WorkloadFailed(move.key, faults.of_workload("Replaced", said))


def _leave(moving: Moving, failure: Failure) -> RolloutResult:
    came = moving.came
    moving.write_journal("left")
    objects = read_namespace(moving.operation.cluster, selector="").inventory.objects
    moved = [move.key for move in came.moves if drift.says(move, objects.get((move.kind, move.name)))]
    said = ", ".join(moved) or "nothing"
    state = f"It was left as it is: {said} moved. rollout --undo takes it back, rollout tries again."
    return moving.result("left", failure=failure, state=state)
