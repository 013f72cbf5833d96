"""A plan: the objects to move, and the image they move to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dagship.model.artifacts import Target
from dagship.record.model import Move

if TYPE_CHECKING:
    from dagship.rollout.survey import Survey


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A plan of a rollout, a rollback or an undo.

    Attributes:
        kind: What the release will be called.
        target: The image to move to; an empty one for a return to what dagship found.
        moves: The objects, in their order.
        warnings: What was noticed.
        undo: Whether the moves are to be taken back, and not made.

    """

    kind: Literal["rollout", "rollback"]
    target: Target
    moves: tuple[Move, ...]
    warnings: tuple[str, ...] = ()
    undo: bool = False

    @property
    def writes(self) -> tuple[Move, ...]:
        """The moves as they are written, in this order; in an undo their way back, the last one first."""
        return tuple(move.reversed() for move in reversed(self.moves)) if self.undo else self.moves


Planner = Callable[["Survey"], Planned]
