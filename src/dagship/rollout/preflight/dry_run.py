"""The patches of a plan, and the server's answer to them without making one."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dagship.record.model import Move
from dagship.rollout.plan import drift, patch
from dagship.rollout.survey import Survey

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster


def patches(survey: Survey, moves: Iterable[Move], own: drift.OwnValues) -> tuple[tuple[Move, dict[str, Any]], ...]:
    """Returns the patch of every object that is still to be changed; what is announced is written with its packages.

    Raises:
        UsageError: One cannot be changed: the pod template in a ConfigMap is a person's text.
        Refused: Someone else changed one.

    """
    looked = ((move, survey.inventory.objects[move.kind, move.name]) for move in moves if move.role != "announcement")
    to_do = ((move, raw, drift.outstanding(move, raw, own)) for move, raw in looked)
    return tuple(
        (move, patch.patch(move.kind, raw, changes, recreate=move.strategy is not None))
        for move, raw, changes in to_do
        if changes
    )


def ask_server(cluster: "Cluster", patches: Iterable[tuple[Move, dict[str, Any]]]) -> None:
    """Has the server check every patch without making it: admission, quotas, policies.

    Raises:
        OutsideError: The server would refuse one.

    """
    for move, body in patches:
        # Not of the version that was looked at: controllers write status all the time.
        asked = {field: value for field, value in body.items() if field != "metadata"}
        cluster.patch(move.kind, move.name, asked, dry_run=True)
