"""The workloads that are waited for once they are moved, with the images that they are to run. Pure."""

from collections.abc import Iterable

from dagship.health.expectation import Expectation
from dagship.record.model import Move
from dagship.workloads.kinds import WATCHED


def of_moves(moves: Iterable[Move]) -> tuple[Expectation, ...]:
    """Returns what to wait for after these moves; objects of other kinds take effect by themselves."""
    return tuple(
        Expectation(kind=move.kind, name=move.name, images=move.images, tasks_run_here=move.role == "worker")
        for move in moves
        if move.kind in WATCHED
    )
