"""The order of components: which of them move in which step. Pure.

It makes a failure harmless: workers first, since they must have a version before anyone is sent to it; last what
announces the new version, the dag-processor, or the scheduler where there is none. What was announced to the image
before goes after that: until then runs begin on it.
"""

from collections.abc import Iterable

from dagship.record.model import Move
from dagship.workloads.kinds import Role

STEPS = ("workers", "triggerer, scheduler, web", "dag-processor", "what is announced")
_FIRST: tuple[Role, ...] = ("worker", "pod-template")


def ordered(moves: Iterable[Move]) -> tuple[Move, ...]:
    """Gives every move its step, and sorts them by it."""
    moves = tuple(moves)
    last: Role = "dag-processor" if any(move.role == "dag-processor" for move in moves) else "scheduler"
    placed = (move.model_copy(update={"step": _step(move.role, last)}) for move in moves)
    return tuple(sorted(placed, key=lambda move: (move.step, move.role != "pod-template", move.key)))


def _step(role: Role, last: Role) -> int:
    if role == "announcement":
        return 3
    return 0 if role in _FIRST else 2 if role == last else 1
