"""Waits until no unfinished run needs a DAG version that the image lacks."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from dagship.airflow import orphaned_runs, pinned_runs
from dagship.airflow.activity import Activity
from dagship.errors import Refused
from dagship.model.artifacts import Target

if TYPE_CHECKING:
    from dagship.terminal.board import Board

EVERY = 10.0
_ROW = "unfinished runs"


def until_ended(
    ask: Callable[[], tuple[Activity | None, str]],
    activity: Activity,
    target: Target,
    *,
    limit: float,
    board: "Board",
    check: Callable[[], None],
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Activity:
    """Returns what Airflow says once the image holds all that unfinished runs are pinned to.

    Args:
        ask: Asks Airflow; where it does not answer, as when its pod moves, it is asked again later.
        activity: What it said last.
        target: The image.
        limit: Seconds to wait.
        board: Shows how many runs are left.
        check: Makes sure that nobody else may move things; raises when somebody may.
        clock: Seconds that pass.
        pause: Lets them pass.

    Raises:
        Refused: They did not end in time, or never will; nothing was moved.

    """
    until = clock() + limit
    while lacking := pinned_runs.lacking(activity, target):
        board.row(_ROW, 0, sum(lacking.values()), f"to end: {pinned_runs.said(lacking)}")
        left = until - clock()
        stuck = orphaned_runs.stuck(activity, lacking)
        if left <= 0 or orphaned_runs.all_gone(activity, lacking):
            board.failed = True
            longer = "" if orphaned_runs.all_gone(activity, lacking) else "Wait longer: --wait-for-runs=SECONDS. "
            waited = f"After {limit:.0f} s there are still" if left <= 0 else "There are"
            raise Refused(
                f"{waited} unfinished runs on DAG versions that the image does not hold: {pinned_runs.said(lacking)}. "
                "Nothing was moved.",
                f"{f'{stuck} ' if stuck else ''}{longer}Or build again so that those versions are kept: with "
                "--previous IMAGE.",
            )
        pause(min(EVERY, left))
        check()
        found, why = ask()
        if found is None:
            board.note(f"Airflow did not answer, and is asked again: {why}")
        else:
            activity = found
    return activity
