"""What a rollback takes back: the releases after the one that it goes to, each told backwards. Pure.

They are not made one: of a DAG that changed twice each document has its own two values, and who reads them in order
sees both.
"""

from collections.abc import Sequence

from dagship.record.model import Release
from dagship.rollout.results import TakenBack


def steps(own: Sequence[Release], to: Release) -> tuple[TakenBack, ...]:
    """Returns what a rollback takes back, the newest release first.

    Args:
        own: The releases of this Airflow, the newest last.
        to: The one that it goes to.

    """
    taken = [one for one in reversed(own) if one.number > to.number]
    # One in between may be of another Airflow, or gone for want of room.
    before = [*(one.number for one in taken[1:]), to.number]
    return tuple(_step(one, since) for one, since in zip(taken, before, strict=True)) if taken else ()


def _step(release: Release, since: int) -> TakenBack:
    kept = release.changes
    if kept is None or kept.since != since:
        return TakenBack(release=release.number)
    return TakenBack(release=release.number, document=kept.backwards(), left_out=kept.left_out)
