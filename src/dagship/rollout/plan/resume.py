"""Resumes a rollout that was cut off: ends its changes, or takes back those that a new plan does not hold. Pure."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from dagship.record.model import Journal, Move
from dagship.rollout.plan import patch
from dagship.rollout.plan.planner import Objects
from dagship.rollout.plan.step_order import ordered
from dagship.workloads.kinds import KINDS


def resumed(moves: Iterable[Move], journal: Journal | None) -> tuple[Move, ...]:
    """Returns the moves with `before` as it was before the first unfinished rollout, so that undoing ends there."""
    if journal is None:
        return tuple(moves)
    began = {(move.key, change.key): change.before for move in journal.moves for change in move.changes}
    return tuple(
        move.model_copy(
            update={
                "changes": tuple(
                    change.model_copy(update={"before": began.get((move.key, change.key), change.before)})
                    for change in move.changes
                )
            }
        )
        for move in moves
    )


def left_out(moves: Iterable[Move], journal: Journal | None, objects: Objects) -> tuple[Move, ...]:
    """Returns what an unfinished rollout changed and a new plan does not hold: that goes back for good."""
    planned = {(move.key, change.key) for move in moves for change in move.changes}
    back = []
    for move in journal.moves if journal else ():
        raw = objects.get((move.kind, move.name))
        changes = tuple(
            change.model_copy(update={"after": change.before})
            for change in move.changes
            if raw is not None and (move.key, change.key) not in planned and patch.there(move.kind, raw, change)
        )
        if changes:
            back.append(move.model_copy(update={"changes": changes}))
    return tuple(back)


def gone_on(moves: Iterable[Move], journal: Journal | None, objects: Objects) -> tuple[Move, ...]:
    """Returns the moves of a new plan in their order, with what an unfinished rollout began ended or taken back."""
    moves = resumed(moves, journal)
    begun = {move.key: move.strategy for move in journal.moves} if journal else {}
    return ordered(
        _one_at_a_time(move, objects.get((move.kind, move.name)), begun.get(move.key))
        for move in (*moves, *left_out(moves, journal, objects))
    )


def _one_at_a_time(move: Move, raw: Mapping[str, Any] | None, begun: str | None) -> Move:
    """A dag-processor's Deployment ends its old pods first: two that announce different versions undo each other."""
    if raw is None or move.role != "dag-processor" or not KINDS[move.kind].may_recreate:
        return move
    now = raw["spec"].get("strategy") or {"type": "RollingUpdate"}
    own = begun if now.get("type") == "Recreate" else json.dumps(now, sort_keys=True)
    return move.model_copy(update={"strategy": own})
