"""Who may take a lease, and what is written into it. The lease itself is in tests/cluster."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from dagship.record.lease_spec import Sight, holder_of, is_free, sight, written

MOMENT = datetime(2026, 9, 18, 10, 0, 12, 345, tzinfo=UTC)
FREE = {"metadata": {"name": "dagship", "uid": "1", "resourceVersion": "7"}, "spec": {"holderIdentity": ""}}
HELD = written(FREE, identity="ci 4711#a1", duration=30.0, moment=MOMENT)


def watched(*looks: tuple[float, dict]) -> Sight:
    seen = None
    for now, lease in looks:
        seen = sight(seen, lease, now=now, duration=30.0)
    assert seen is not None
    return seen


def may_take(lease: dict, seen: Sight) -> bool:
    return is_free(lease, seen, identity="other#b2", duration=30.0)


def test_a_lease_of_nobody_is_free_at_once() -> None:
    for lease in (FREE, {"metadata": {}}, {"metadata": {}, "spec": None}, {"metadata": {}, "spec": {}}):
        assert may_take(lease, watched((0.0, lease)))


def test_a_lease_of_its_own_is_free() -> None:
    assert is_free(HELD, watched((0.0, HELD)), identity="ci 4711#a1", duration=30.0)


def test_one_of_another_is_free_after_it_was_watched_unchanged_for_as_long_as_it_lasts() -> None:
    looks = [(float(second), HELD) for second in range(0, 32, 2)]

    assert not may_take(HELD, watched(*looks[:-1]))
    assert may_take(HELD, watched(*looks))


def test_what_the_record_says_of_the_time_does_not_matter() -> None:
    ancient = written(FREE, identity="ci#a1", duration=30.0, moment=datetime(1999, 1, 1, tzinfo=UTC))

    assert not may_take(ancient, watched((0.0, ancient), (2.0, ancient)))


def test_its_own_duration_counts_and_not_that_of_the_one_who_waits() -> None:
    long = written(FREE, identity="ci#a1", duration=120.0, moment=MOMENT)
    looks = [(float(second), long) for second in range(0, 122, 2)]

    assert not may_take(long, watched(*looks[:-1]))
    assert may_take(long, watched(*looks))


def test_every_renewal_starts_the_watch_again_and_shows_that_the_holder_lives() -> None:
    renewed = written(HELD, identity="ci 4711#a1", duration=30.0, moment=MOMENT + timedelta(seconds=10))
    seen = watched((0.0, HELD), (8.0, HELD), (10.0, renewed))

    assert seen == Sight((renewed["metadata"]["uid"], renewed["spec"]), 10.0, 0.0, alive=True)
    assert not watched((0.0, HELD), (8.0, HELD)).alive


def test_a_label_that_somebody_writes_keeps_no_dead_holder_alive() -> None:
    labelled = HELD | {"metadata": HELD["metadata"] | {"resourceVersion": "8", "labels": {"seen": "yes"}}}

    assert watched((0.0, HELD), (8.0, labelled)) == Sight(("1", HELD["spec"]), 8.0, 8.0, alive=False)


def test_a_lease_that_was_deleted_and_made_again_is_another() -> None:
    again = HELD | {"metadata": HELD["metadata"] | {"uid": "2"}}

    assert watched((0.0, HELD), (8.0, again)).alive


def test_time_in_which_nobody_looked_does_not_count() -> None:
    """The API server was away, so the holder could not renew; or this machine slept."""
    looks = [(0.0, HELD), (5.0, HELD), (65.0, HELD)]

    assert not may_take(HELD, watched(*looks))
    assert watched(*looks).still == 5.0


def test_taking_renewing_and_giving_back_are_told_apart() -> None:
    renewed = written(HELD, identity="ci 4711#a1", duration=30.0, moment=MOMENT + timedelta(seconds=10))
    back = written(renewed, identity="", duration=30.0, moment=MOMENT + timedelta(seconds=20))
    other = written(back, identity="other#b2", duration=30.0, moment=MOMENT + timedelta(seconds=30))
    record = [
        (lease["spec"]["acquireTime"][17:19], lease["spec"]["renewTime"][17:19]) for lease in (HELD, renewed, other)
    ]

    assert record == [("12", "12"), ("12", "22"), ("42", "42")]
    assert [lease["spec"]["leaseTransitions"] for lease in (HELD, renewed, back, other)] == [1, 1, 1, 2]
    assert back["spec"]["holderIdentity"] == ""
    assert all(one["spec"] != another["spec"] for one, another in pairwise((HELD, renewed, back, other)))


def test_times_are_written_with_microseconds_in_utc() -> None:
    here = MOMENT.astimezone(timezone(timedelta(hours=2)))

    assert written(FREE, identity="a", duration=1.0, moment=here)["spec"]["renewTime"] == "2026-09-18T10:00:12.000345Z"


def test_a_duration_is_never_shorter_for_others_than_for_the_holder() -> None:
    assert written(FREE, identity="a", duration=1.5, moment=MOMENT)["spec"]["leaseDurationSeconds"] == 2


def test_what_is_written_names_the_version_it_was_decided_on() -> None:
    assert HELD["metadata"] == FREE["metadata"]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (HELD["spec"], "ci 4711 (since 2026-09-18 10:00:12 UTC)"),
        ({"holderIdentity": "job #5#c3"}, "job #5"),
        ({"holderIdentity": "of another tool", "acquireTime": "2026-09-18T10:00:12Z"}, "of another tool (since 2026-09-18 10:00:12 UTC)"),
        ({"holderIdentity": "", "acquireTime": "2026-09-18T10:00:12.000345Z"}, ""),
        (None, ""),
    ],
)  # fmt: skip
def test_people_read_who_has_it_and_since_when(spec: dict | None, said: str) -> None:
    assert holder_of({"metadata": {}, "spec": spec}) == said
