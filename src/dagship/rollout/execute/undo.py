"""Undoes a rollout: every object returns to what it said before, pods that are stuck included."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dagship.cluster.failures import NotFound
from dagship.diagnosis import events_and_logs
from dagship.diagnosis.failure import Failure
from dagship.diagnosis.present import show_failure
from dagship.errors import DagshipError, Refused, Transient
from dagship.health.watcher import WorkloadFailed
from dagship.record.model import Move
from dagship.rollout.execute import announce, apply, served
from dagship.rollout.execute.operation import Moving
from dagship.rollout.plan import drift, expectations
from dagship.rollout.results import RolloutResult
from dagship.workloads.kinds import WATCHED

if TYPE_CHECKING:
    from dagship.terminal.board import Board


@dataclass(kw_only=True)
class _Returned:
    """The outcome of going back.

    Attributes:
        back: The moves back that were made, to be watched.
        taken: Workloads that say what someone else wrote.
        gone: Workloads that someone deleted.
        refused: Workload to why the server does not let it go back.
        stuck: Workloads that say again what they said, and do not come up.

    """

    back: list[Move] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    stuck: list[Failure] = field(default_factory=list)

    @property
    def unfinished(self) -> bool:
        """Whether there is something left to do."""
        return bool(self.refused or self.stuck)


def go_back(moving: Moving, failure: Failure | None) -> RolloutResult:
    """Returns every object of a plan to what it said before, and says what that came to.

    One object that cannot be restored does not stop the others.

    Args:
        moving: The operation.
        failure: Why it goes back; None when the caller asked for it.

    Raises:
        OutsideError: The API server was away for too long, or the lease was lost.

    """
    operation, came = moving.operation, moving.came
    moving.write_journal("undoing")
    returned = _Returned()
    with operation.notes.board("undo", "Going back") as board:
        # What announces the version goes first, the workers that serve it last.
        for move in reversed(came.moves):
            moving.ledger.check()
            _return(moving, move.reversed(), returned)
        _wait(moving, board, returned)
        board.failed = returned.unfinished
    for stuck in returned.stuck:
        show_failure(operation.console, stuck)
    if returned.unfinished:
        first = returned.stuck[0] if returned.stuck else _refusal(returned)
        return moving.result("left", failure=failure or first, state=_state(returned))
    for move in came.moves:
        moving.ledger.check()
        apply.restore(operation.cluster, move)
    moving.ledger.journal(None)
    return moving.result("undone", failure=failure, state=_state(returned))


def _return(moving: Moving, way_back: Move, returned: _Returned) -> None:
    try:
        raw = _looked(moving, way_back)
        ours = drift.without_foreign(way_back, raw, moving.own_values)
        answer = apply.one(moving, ours) if ours.changes else ours
    except Transient:
        raise
    except NotFound:
        returned.gone.append(way_back.key)
    except Refused:
        returned.taken.append(way_back.key)
    except DagshipError as refused:
        returned.refused[way_back.key] = refused.message
    else:
        # Whether theirs comes up is for them to see.
        if ours == way_back:
            returned.back.append(answer)
        else:
            returned.taken.append(way_back.key)


def _looked(moving: Moving, move: Move) -> Mapping[str, Any] | None:
    cluster = moving.operation.cluster
    if move.role == "announcement":  # it is written anew where it is not there
        return announce.look(cluster, move.name)
    raw = cluster.get(move.kind, move.name)
    if move.kind in WATCHED:
        moving.feed.put(move.kind, raw)
    return raw


def _wait(moving: Moving, board: "Board", returned: _Returned) -> None:
    """One that does not come up keeps none of the others waiting."""
    watcher = moving.watcher(board, None)
    expected = expectations.of_moves(returned.back)
    while expected:
        try:
            watcher.until_done(expected)
        except WorkloadFailed as failed:
            expected = tuple(one for one in expected if one.key != failed.workload)
            if failed.fault.reason == "Deleted":
                returned.gone.append(failed.workload)
            elif failed.fault.reason == "TakenBack":
                returned.taken.append(failed.workload)
            else:
                returned.stuck.append(events_and_logs.failure(moving.operation.cluster, failed))
        else:
            break
    announced = (move for move in returned.back if move.role == "announcement")
    for move in announced if moving.operation.plan.announces else ():
        try:
            served.announced(moving, board, move.name, moving.announced[move.key])
        except WorkloadFailed as failed:
            returned.stuck.append(events_and_logs.failure(moving.operation.cluster, failed))


def _refusal(returned: _Returned) -> Failure:
    workload, why = next(iter(returned.refused.items()))
    return Failure(workload=workload, reason="Refused", message=why)


def _state(returned: _Returned) -> str:
    """Says what the cluster runs now."""
    said = [
        *_clause(returned.taken, "says what someone else wrote there", "say what someone else wrote there"),
        *_clause(returned.gone, "was deleted by someone else", "were deleted by someone else"),
        *(
            f"{stuck.workload} says again what it said before, but does not come up with that either: "
            f"{stuck.meaning or stuck.message or stuck.reason}"
            for stuck in returned.stuck
        ),
        *(f"{workload} could not be taken back: {why}" for workload, why in returned.refused.items()),
        *(["rollout --undo tries that again"] if returned.unfinished else []),
    ]
    if not said:
        return "Everything runs again what it ran before; nothing of the new image is left."
    return f"All else runs again what it ran before; {'; '.join(clause.rstrip('.') for clause in said)}."


def _clause(workloads: Iterable[str], one: str, several: str) -> Iterable[str]:
    workloads = tuple(workloads)
    return (f"{', '.join(workloads)} {several if workloads[1:] else one}",) if workloads else ()
