"""What dagship writes down in a namespace is read again as it was, and nothing else is taken for it."""

import json
from typing import Any

import pytest

from dagship.cluster.failures import Conflict, NotFound
from dagship.errors import Refused, UsageError
from dagship.rollout import record
from dagship.rollout.values import Change, Journal, Move, Record, Release


def move(image: str = "airflow:1") -> Move:
    change = Change(field="image", container="worker", init=True, before=None, after=image)
    variable = Change(field="env", container="worker", name="TAG", before="", after=None)
    return Move(kind="StatefulSet", name="worker", role="worker", changes=(change, variable))


def release(number: int, *, image: str = "airflow:1", who: str = "ci") -> Release:
    return Release(number=number, kind="rollout", image=image, who=who, when="2026-01-01", moves=(move(image),))


def journal() -> Journal:
    return Journal(
        state="undoing",
        kind="rollback",
        image="",
        dag_version="",
        airflow="",
        who="ci",
        job="",
        began="",
        moves=(move(),),
    )


def read(data: dict[str, str] | None) -> Record:
    return record.parse({"metadata": {"name": "dagship"}, "data": data})


def test_what_was_written_is_read_again() -> None:
    written = Record(releases=(release(0), release(1, who="größe\x1b\n\u202e")), journal=journal())

    assert read(record.dump(written)) == written


def test_an_ended_rollout_leaves_no_journal() -> None:
    data = record.dump(Record(releases=(release(0),)))

    assert data["rollout"] == ""
    assert read(data).journal is None


@pytest.mark.parametrize(
    "config_map", [None, {}, {"data": None}, {"data": {}}, {"data": {"releases": "[]"}}, {"data": {"rollout": ""}}]
)
def test_where_nothing_is_written_yet_the_record_is_empty(config_map: dict[str, Any] | None) -> None:
    assert record.parse(config_map) == Record()


def test_the_last_twenty_releases_are_kept() -> None:
    data = record.dump(Record(releases=tuple(release(number) for number in range(35))))

    assert [one.number for one in read(data).releases] == list(range(15, 35))


def test_the_oldest_go_first_where_there_is_no_room() -> None:
    big = tuple(release(number, who="x" * 100_000) for number in range(12))
    data = record.dump(Record(releases=big, journal=journal()))
    kept = [one.number for one in read(data).releases]

    assert sum(map(len, data.values())) < 1_000_000
    assert kept == list(range(12 - len(kept), 12))
    assert 5 < len(kept) < 12
    assert read(data).journal == journal()


def test_one_release_is_kept_whatever_it_takes() -> None:
    """Whether it is too large is for the server to say."""
    assert len(read(record.dump(Record(releases=(release(0), release(1, who="x" * 2_000_000))))).releases) == 1


@pytest.mark.parametrize(
    "data",
    [
        {"releases": ""},
        {"releases": "null"},
        {"releases": "{}"},
        {"releases": '[{"number": 1}]'},
        {"releases": "[" * 100_000},
        {"rollout": "moving"},
        {"rollout": "{}"},
        {"releases": json.dumps([{**release(1).model_dump(), "from_the_future": 1}])},
        {"releases": json.dumps([{**release(1).model_dump(), "kind": "teleport"}])},
        {"releases": "[]", "settings.yaml": "theirs"},
        {"settings.yaml": "theirs"},
    ],
    ids=range(11),
)
def test_what_dagship_did_not_write_is_refused_with_the_way_out(data: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="The ConfigMap dagship does not hold what dagship wrote there") as refused:
        read(data)

    assert "kubectl delete configmap dagship" in refused.value.hint


class Kept:
    """A ConfigMap that others write as well.

    Args:
        data: What it holds; None when it is not there.
        lost: Whether the answer to the next write is lost.

    """

    def __init__(self, data: dict[str, str] | None, *, lost: bool = False) -> None:
        self.version = 1
        self.data = data
        self.lost = lost

    def get(self, _kind: str, name: str) -> dict[str, Any]:
        if self.data is None:
            raise NotFound("not there")
        return {"metadata": {"name": name, "resourceVersion": str(self.version)}, "data": self.data}

    def replace(self, kind: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
        if body["metadata"]["resourceVersion"] != str(self.version):
            raise Conflict("changed meanwhile")
        self.version, self.data = self.version + 1, body["data"]
        if self.lost:  # asked again, as the gateway does
            raise Conflict("changed meanwhile")
        return self.get(kind, name)

    def create(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        if self.data is not None:
            raise Conflict("already exists")
        self.data = body["data"]
        return self.get(kind, body["metadata"]["name"])


def test_a_record_is_written_in_the_place_of_the_one_that_was_seen() -> None:
    kept = Kept(None)

    first = record.store(kept, Record(), None)
    second = record.store(kept, Record(), first)

    assert record.dump(Record()) == kept.data
    assert "2" == second["metadata"]["resourceVersion"]


def test_what_another_run_wrote_meanwhile_stays() -> None:
    kept = Kept({"releases": "[]", "rollout": ""})
    seen = kept.get("ConfigMap", "dagship")
    kept.replace("ConfigMap", "dagship", {**seen, "data": {"releases": "[]", "rollout": "another's"}})

    with pytest.raises(Refused, match="someone else"):
        record.store(kept, Record(), seen)

    assert kept.data is not None
    assert "another's" == kept.data["rollout"]


def test_a_label_that_somebody_set_meanwhile_is_no_conflict() -> None:
    kept = Kept({"releases": "old", "rollout": ""})
    seen = kept.get("ConfigMap", "dagship")
    kept.version += 1

    record.store(kept, Record(), seen)

    assert record.dump(Record()) == kept.data


def test_a_write_whose_answer_was_lost_was_done() -> None:
    kept = Kept({"releases": "old", "rollout": ""}, lost=True)

    written = record.store(kept, Record(), kept.get("ConfigMap", "dagship"))

    assert record.dump(Record()) == written["data"]
