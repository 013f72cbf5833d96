"""Drift: a field that says anything but the values that dagship itself may have written there. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from dagship.errors import Refused
from dagship.record import announced
from dagship.record.model import Change, Journal, Move
from dagship.rollout.plan import patch
from dagship.workloads import image_identity

# By object and field.
OwnValues = Mapping[tuple[str, tuple[str, str, bool, str]], frozenset[str | None]]


def own_values(moves: Iterable[Move], journal: Journal | None) -> OwnValues:
    """Returns the values that dagship itself may have written, by field; anything else is drift."""
    values: dict[tuple[str, tuple[str, str, bool, str]], set[str | None]] = {}
    for move in (*moves, *((*journal.moves, *journal.earlier) if journal else ())):
        for change in move.changes:
            values.setdefault((move.key, change.key), set()).update((change.before, change.after))
    return {key: frozenset(found) for key, found in values.items()}


def outstanding(move: Move, raw: Mapping[str, Any] | None, own: OwnValues) -> tuple[Change, ...]:
    """Returns the changes of a move that are still to be made; all of them of an object that is not there.

    Raises:
        Refused: A field says something that no plan of ours did: someone else changed it.

    """
    to_do = []
    for change in move.changes:
        now = patch.present(move.kind, raw, change)
        if now == change.after:
            continue
        if raw is not None and not _is_ours(move, change, now, own):
            raise Refused(
                f"{move.key} was changed by someone else meanwhile: {change.name or change.container} says "
                f"{' '.join(_told(change, now).split())} instead of {_told(change, change.before)}.",
                "See who rolls out here besides dagship, then run rollout again. If a rollout is unfinished, rollout "
                "--undo comes first: it takes back what dagship moved, and leaves that as it is.",
            )
        to_do.append(change)
    return tuple(to_do)


def _told(change: Change, text: str | None) -> str:
    return announced.shown(text) if change.field == "announced" else text or "nothing"


def without_foreign(move: Move, raw: Mapping[str, Any] | None, own: OwnValues) -> Move:
    """Returns a move without the fields that have drifted; what is not there has not."""
    if raw is None:
        return move
    ours = (change for change in move.changes if _is_ours(move, change, patch.present(move.kind, raw, change), own))
    return move.model_copy(update={"changes": tuple(ours)})


def says(move: Move, raw: Mapping[str, Any] | None) -> bool:
    """Whether an object says all that its move wants; one that is gone says nothing."""
    return raw is not None and all(_says(change, patch.present(move.kind, raw, change)) for change in move.changes)


def stays(move: Move, raw: Mapping[str, Any] | None) -> bool:
    """Whether an object says to the letter what its move wants: another name of the same image makes new pods too."""
    return all(patch.present(move.kind, raw, change) == change.after for change in move.changes)


def _is_ours(move: Move, change: Change, now: str | None, own: OwnValues) -> bool:
    expected = (change.after, *own[move.key, change.key])
    return now in expected or (
        change.field == "image"
        and now is not None
        and any(one and image_identity.is_mirrors(now, one) for one in expected)
    )


def _says(change: Change, now: str | None) -> bool:
    if change.field != "image" or now is None or change.after is None:
        return now == change.after
    return image_identity.same_image(now, change.after)


def short(image: str | None) -> str:
    """Returns an image with its digest cut to what people compare."""
    said = image or ""
    name, at, digest = (said if said.isprintable() else repr(said)).partition("@sha256:")
    return f"{name}@{digest[:12]}" if at else name
