"""When to ask again, and for how long."""

import time
from collections.abc import Callable
from typing import TypeVar

from dagship.cluster.failures import Unreachable

FIRST = 0.2
LONGEST = 5.0

_Result = TypeVar("_Result")


def backoff(attempt: int) -> float:
    """Returns the seconds to wait after the failed try number `attempt`, counted from 0."""
    return float(min(LONGEST, FIRST * 2 ** min(attempt, 16)))


def pause(attempt: int, *, wait: float, left: float) -> float | None:
    """Decides on another try.

    Args:
        attempt: Failed tries before this one.
        wait: Seconds that the server asked to wait, 0 when it did not.
        left: Seconds of patience left.

    Returns:
        Seconds to wait before the next try; None to give up. The last try is made when patience ends, unless the
        server asked for longer than that.

    """
    if left <= 0 or wait > left:
        return None
    return max(wait, min(backoff(attempt), left))


def insist(act: Callable[[], _Result], patience: float) -> _Result:
    """Acts until it succeeds, for `patience` seconds.

    Raises:
        Unreachable: It never did; the last failure.

    """
    deadline = time.monotonic() + patience
    attempt = 0
    while True:
        try:
            return act()
        except Unreachable as failed:
            seconds = pause(attempt, wait=failed.wait, left=deadline - time.monotonic())
            if seconds is None:
                raise
        time.sleep(seconds)
        attempt += 1
