"""What dagship writes down in a namespace is read again as it was, and nothing else is taken for it."""

import json
from typing import Any

import pytest

from dagship.errors import UsageError
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
