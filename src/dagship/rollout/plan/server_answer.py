"""The images that the server answers with: an admission webhook may put another name, or another image. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from dagship.record.model import Move, Release
from dagship.rollout.plan import patch
from dagship.workloads import image_identity


def answered(move: Move, raw: Mapping[str, Any]) -> Move:
    """Returns a move with the images that the server made of those that were asked for: a webhook may name a mirror."""
    return move.model_copy(
        update={
            "changes": tuple(
                change.model_copy(update={"after": patch.present(move.kind, raw, change)})
                if change.field == "image" and change.after is not None
                else change
                for change in move.changes
            )
        }
    )


def replaced(asked: Move, answer: Move) -> tuple[str, str] | None:
    """Returns an image that was asked for and the one that the server put in its place, which is another; or None."""
    for one, other in zip(asked.changes, answer.changes, strict=True):
        want, got = one.after or "", other.after or ""
        by_digest = image_identity.digest(want) != "" and image_identity.digest(got) != ""
        if one.field == "image" and by_digest and not image_identity.same_image(got, want):
            return want, got
    return None


def as_recorded(moves: Iterable[Move], target: str, releases: Iterable[Release]) -> tuple[Move, ...]:
    """Returns moves to an image without the changes of what says already what a release of that image came to.

    What the server answers to the same image is the same again: to ask for it would change nothing, each time anew.
    """
    came = {
        (move.key, change.key, change.after)
        for release in releases
        if release.image == target
        for move in release.moves
        for change in move.changes
        if change.field == "image" and change.after is not None
    }
    return tuple(
        move.model_copy(
            update={
                "changes": tuple(
                    change.model_copy(update={"after": change.before})
                    if (move.key, change.key, change.before) in came
                    else change
                    for change in move.changes
                )
            }
        )
        for move in moves
    )
