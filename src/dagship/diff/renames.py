"""Finds DAGs that have another id and are the same otherwise. Pure."""

from collections.abc import Mapping

from dagship.diff.normal.dag import NormalDag

_ENOUGH = 0.8
# Pairs that are looked at: of a whole tree that is moved, those that are alike are found by their files first.
_MOST = 10_000


def find(was: Mapping[str, NormalDag], now: Mapping[str, NormalDag]) -> dict[str, str]:
    """Returns the new ids of DAGs that were renamed, each with the former one.

    A DAG took the place of another where its tasks have the same ids and operators, in four of five of both at least,
    and no other pair is as much alike.

    Args:
        was: The DAGs that go.
        now: The DAGs that come.

    """
    if len(was) * len(now) > _MOST:
        return {}
    pairs = sorted(
        ((-_alike(one, other), new, old) for old, one in was.items() for new, other in now.items()),
    )
    found: dict[str, str] = {}
    for score, new, old in pairs:
        if -score >= _ENOUGH and new not in found and old not in found.values():
            found[new] = old
    return found


def _alike(one: NormalDag, other: NormalDag) -> float:
    before = {(name, task.operator) for name, task in one.tasks.items()}
    after = {(name, task.operator) for name, task in other.tasks.items()}
    if not before | after:
        return 0.0
    # Of many DAGs with the same tasks, as a generator makes them, fields of the DAG tell which is which.
    fields = (
        one.timetable == other.timetable,
        one.owner == other.owner,
        one.tags == other.tags,
        one.edges == other.edges,
    )
    return (len(before & after) / len(before | after)) * (0.9 + 0.1 * sum(fields) / len(fields))
