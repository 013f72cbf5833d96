"""Patches the objects of a move: each in one write, and only as it was when it was looked at."""

import json
from typing import TYPE_CHECKING, Any

from dagship.cluster.failures import Conflict, NotFound
from dagship.errors import OutsideError
from dagship.record.model import Move
from dagship.rollout.execute import announce, storing
from dagship.rollout.plan import drift, patch, server_answer
from dagship.workloads.kinds import WATCHED

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster
    from dagship.cluster.feed import Feed
    from dagship.rollout.execute.operation import Moving

# Controllers write status all the time; more conflicts than this in a row are no coincidence.
_TRIES = 20


def one(moving: "Moving", move: Move) -> Move:
    """Makes an object say what its move wants; returns the move with what the server made of it.

    Raises:
        DagshipError: As `storing.wait`, `apply` and `announce.write`.

    """
    operation = moving.operation
    storing.wait(moving, move)
    if move.role != "announcement":
        return apply(operation.cluster, moving.feed, move, moving.own_values)
    moving.announced[move.key] = announce.write(operation.cluster, move, moving.own_values, operation.needs)
    return move


def apply(cluster: "Cluster", feed: "Feed", move: Move, own: drift.OwnValues) -> Move:
    """Makes an object say what its move wants; returns the move with the images that the server made of it.

    Raises:
        Refused: Someone else changed it meanwhile.
        OutsideError: The API server did not answer, or refused.

    """
    seen: dict[str, Any] | None = feed.objects(move.kind).get(move.name) if move.kind in WATCHED else None
    for _ in range(_TRIES):
        raw = seen or cluster.get(move.kind, move.name)
        if seen is None and move.kind in WATCHED:
            # A write whose answer was lost may have been done: nobody is to judge by what was before it.
            feed.put(move.kind, raw)
        seen = None
        to_do = drift.outstanding(move, raw, own)
        if not to_do:
            return move
        try:
            body = patch.patch(move.kind, raw, to_do, recreate=move.strategy is not None)
            written = cluster.patch(move.kind, move.name, body)
        except Conflict:
            continue
        if move.kind in WATCHED:
            feed.put(move.kind, written)
        return server_answer.answered(move, written)
    raise _restless(move)


def restore(cluster: "Cluster", move: Move) -> None:
    """Gives a Deployment its own strategy again, when all its pods are as they are to be.

    Raises:
        OutsideError: The API server did not answer, or refused.

    """
    if move.strategy is None:
        return
    for _ in range(_TRIES):
        try:
            raw = cluster.get(move.kind, move.name)
            if (raw["spec"].get("strategy") or {}).get("type") != "Recreate":
                return
            version = {"resourceVersion": raw["metadata"]["resourceVersion"]}
            body = {"metadata": version, "spec": {"strategy": json.loads(move.strategy)}}
            cluster.patch(move.kind, move.name, body)
        except Conflict:
            continue
        except NotFound:
            pass
        return
    raise _restless(move)


def _restless(move: Move) -> OutsideError:
    return OutsideError(
        f"{move.key} was changed by someone else {_TRIES} times in a row.",
        "Something writes it without pause; find it with kubectl get --watch, then run rollout again.",
    )
