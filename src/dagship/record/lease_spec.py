"""Decides on a Lease: whose it is, whether it has expired, and the spec that takes it. Pure.

Clocks of two machines are never compared. One that stays the same for as long as it promises to be renewed belongs to
a process that is gone.
"""

import math
from datetime import UTC, datetime
from typing import Any, NamedTuple


class Sight(NamedTuple):
    """The Lease as it was watched.

    Attributes:
        record: What renewing and taking change.
        at: When it was last read, seconds of this machine's clock.
        still: For how many seconds it was watched and did not change.
        alive: Whether it was seen to change: whoever has it lives.

    """

    record: tuple[Any, ...]
    at: float
    still: float
    alive: bool


def sight(before: Sight | None, lease: dict[str, Any], *, now: float, duration: float) -> Sight:
    """Returns what is known of a lease that was just read, from what was known before."""
    # Not the resource version: others' labels and annotations must not keep a dead holder alive.
    record = (lease["metadata"].get("uid"), lease.get("spec"))
    if before is None or before.record != record:
        return Sight(record, now, 0.0, alive=before is not None)
    # Nobody renews while the API server is away, and nobody watches while this machine sleeps: such gaps do not count.
    gap = now - before.at
    return before._replace(at=now, still=before.still + (gap if gap < duration / 3 else 0.0))


def is_free(lease: dict[str, Any], seen: Sight, *, identity: str, duration: float) -> bool:
    """Whether `identity` may take a lease: it is nobody's, its own, or of one that was watched letting it run out."""
    spec = lease.get("spec") or {}
    if (spec.get("holderIdentity") or "") in ("", identity):
        return True
    return seen.still >= (spec.get("leaseDurationSeconds") or duration)


def holder_of(lease: dict[str, Any]) -> str:
    """Returns who has a lease and since when, for people; empty for nobody."""
    spec = lease.get("spec") or {}
    name, mark, rest = (spec.get("holderIdentity") or "").rpartition("#")
    since = (spec.get("acquireTime") or "").partition(".")[0].rstrip("Z").replace("T", " ")
    return (name if mark else rest) + (f" (since {since} UTC)" if since and rest else "")


def written(lease: dict[str, Any], *, identity: str, duration: float, moment: datetime) -> dict[str, Any]:
    """Returns a lease as `identity` writes it to take or renew it; with an empty identity it is given back."""
    spec = lease.get("spec") or {}
    time_now = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    changes_hands = (spec.get("holderIdentity") or "") != identity
    return lease | {
        "spec": {
            "holderIdentity": identity,
            "leaseDurationSeconds": math.ceil(duration),
            "acquireTime": time_now if changes_hands else spec.get("acquireTime") or time_now,
            "renewTime": time_now,
            "leaseTransitions": (spec.get("leaseTransitions") or 0) + bool(changes_hands and identity),
        }
    }
