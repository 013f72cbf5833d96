"""A plan: the objects to move, and the image they move to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dagship.model.artifacts import Target
from dagship.record.model import Move
from dagship.rollout.plan import dag_version

if TYPE_CHECKING:
    from dagship.airflow.activity import Activity
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
        way: Which of two ways it is and why, a sentence for people; empty where there is one alone.
        about: The workloads that it is about where none of them moves: `deployment/scheduler`.
        sweeps: ConfigMap with packages that nobody may need once every pod has moved, or empty.
        otherwise: What is to be done where it turns out that what is to be announced has no room.

    """

    kind: Literal["rollout", "rollback"]
    target: Target
    moves: tuple[Move, ...]
    warnings: tuple[str, ...] = ()
    undo: bool = False
    way: str = ""
    about: frozenset[str] = frozenset()
    sweeps: str = ""
    otherwise: "Planned | None" = None

    @property
    def writes(self) -> tuple[Move, ...]:
        """The moves as they are written, in this order; in an undo their way back, the last one first."""
        return tuple(move.reversed() for move in reversed(self.moves)) if self.undo else self.moves

    @property
    def announcements(self) -> tuple[Move, ...]:
        """Those of the writes that are of what is announced."""
        return tuple(move for move in self.writes if move.role == "announcement")

    @property
    def announces(self) -> bool:
        """Whether it brings a DAG version to pods that stay, and moves no image."""
        changed = [move for move in self.moves if any(change.before != change.after for change in move.changes)]
        return dag_version.is_announcing(changed or self.moves)


Planner = Callable[["Survey"], Planned]
Settle = Callable[[Planned, "Survey", "Activity | None"], Planned]
"""Returns a plan with what Airflow said."""


def as_planned(plan: Planned, _survey: "Survey", _activity: "Activity | None") -> Planned:
    """Returns a plan that is the same whatever Airflow says."""
    return plan
