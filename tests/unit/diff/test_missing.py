"""Pools and queues that tasks name."""

from dagship.diff import missing
from tests.builders.snapshots import normal

POOLS, QUEUES = frozenset({"default_pool"}), frozenset({"default", "gpu"})


def test_a_pool_that_is_not_there_is_new_where_the_old_version_did_not_name_it() -> None:
    (come,) = missing.find({}, {"plain": normal()}, POOLS, QUEUES) or ()
    (stay,) = missing.find({"plain": normal()}, {"plain": normal()}, POOLS, QUEUES) or ()

    assert (come.kind, come.name, come.dag_ids, come.is_new) == ("pool", "heavy", ("plain",), True)
    assert not stay.is_new


def test_nothing_is_missing_where_all_is_there_and_nothing_is_known_where_nobody_was_asked() -> None:
    assert missing.find({}, {"plain": normal()}, POOLS | {"heavy"}, QUEUES) == ()
    assert missing.find({}, {"plain": normal()}, None, None) is None
    assert [one.name for one in missing.find({}, {"plain": normal()}, None, frozenset({"default"})) or ()] == ["gpu"]
