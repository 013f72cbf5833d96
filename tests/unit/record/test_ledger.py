"""The one owner of the record: it writes what it is told, in the place of what it wrote last, and only under the lock."""

import pytest

from dagship.errors import Refused
from dagship.record import form
from dagship.record.ledger import Ledger
from dagship.record.model import Hold, Record, Release
from tests.builders.namespace import Namespace

HOLD = Hold(since=1.0, dags=("a",))


def ledger(namespace: Namespace, said: list[str] | None = None) -> Ledger:
    return Ledger(namespace, namespace, None, warn=(said if said is not None else []).append)  # type: ignore[arg-type]


def written(namespace: Namespace) -> Record:
    return form.parse(namespace.get("ConfigMap", form.NAME))


def test_what_is_written_is_the_record_and_what_stood_beside_it_stays() -> None:
    namespace = Namespace()
    kept = ledger(namespace)
    kept.write(Record(releases=(Release(number=1, kind="rollout", image="a", when=""),)))
    kept.hold(HOLD)
    kept.journal(None)

    assert kept.record == written(namespace)
    assert (kept.record.hold, [one.number for one in kept.record.releases]) == (HOLD, [1])


def test_nothing_is_written_once_the_lock_is_lost() -> None:
    class Lost(Namespace):
        def check(self) -> None:
            raise Refused("another has it")

    namespace = Lost()
    with pytest.raises(Refused, match="another has it"):
        ledger(namespace).hold(HOLD)

    assert form.NAME not in namespace.objects("ConfigMap")


def test_releases_that_there_is_no_room_for_are_named_once() -> None:
    said: list[str] = []
    kept = ledger(Namespace(), said)
    releases = [Release(number=number, kind="rollout", image="a", who="x" * 400_000, when="") for number in range(4)]
    kept.write(Record(releases=tuple(releases)))
    kept.hold(HOLD)

    assert said == ["the record has no room for release 0, 1: rollback reaches to 2"]
