"""What dagship writes down in a namespace is read again as it was, and nothing else is taken for it."""

import base64
import gzip
import json
from typing import Any

import pytest

from dagship.diff import kept
from dagship.errors import UsageError
from dagship.record import form
from dagship.record.model import Hold, Record
from tests.builders import release_documents as documents
from tests.builders.records import journal, release

HOLD = Hold(since=1.5, dags=("a", "b"))


def read(data: dict[str, str] | None) -> Record:
    return form.parse({"metadata": {"name": "dagship"}, "data": data})


def test_what_was_written_is_read_again() -> None:
    written = Record(releases=(release(0), release(1, who="größe\x1b\n\u202e")), journal=journal())

    assert read(form.dump(written)) == written


def test_an_ended_rollout_leaves_no_journal() -> None:
    data = form.dump(Record(releases=(release(0),)))

    assert data["rollout"] == ""
    assert read(data).journal is None


@pytest.mark.parametrize(
    "config_map", [None, {}, {"data": None}, {"data": {}}, {"data": {"releases": "[]"}}, {"data": {"rollout": ""}}]
)
def test_where_nothing_is_written_yet_the_record_is_empty(config_map: dict[str, Any] | None) -> None:
    assert form.parse(config_map) == Record()


def test_everybody_can_read_a_release_without_unpacking_it() -> None:
    shown = json.loads(form.dump(Record(releases=(release(3, image="airflow:7"),)))["release.3"])

    assert shown == {"number": 3, "kind": "rollout", "image": "airflow:7", "who": "ci", "when": "2026-01-01"}


def unpacked(text: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(text)))


def packed(document: object) -> str:
    return base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()


def test_moves_and_what_a_release_changed_are_unpacked_as_the_documentation_says() -> None:
    told = release(3).model_copy(update={"changes": kept.cut(documents.document(), 2)})
    data = form.dump(Record(releases=(told,), journal=journal()))

    assert unpacked(data["moves.3"])[0]["name"] == "worker"
    assert unpacked(data["changes.3"])["since"] == 2
    assert (unpacked(data["rollout.moves"])[0]["name"], unpacked(data["rollout.earlier"])) == ("worker", [])


def test_one_release_more_is_keys_of_its_own_and_changes_no_other() -> None:
    before, after = (form.dump(Record(releases=tuple(map(release, range(last))))) for last in (11, 12))

    assert after.keys() - before.keys() == {"release.11", "moves.11"}
    assert {**after, **before} == after


def test_releases_are_in_the_order_of_their_numbers_whatever_that_of_their_keys() -> None:
    data = form.dump(Record(releases=tuple(map(release, range(12)))))

    assert [one.number for one in read(dict(sorted(data.items(), reverse=True))).releases] == list(range(12))


OLDER = {
    "releases": json.dumps(
        [
            {"number": 0, "kind": "found", "image": "", "when": "2026-01-01", "moves": []},
            release(1).model_dump(mode="json", exclude_defaults=True),
        ]
    ),
    "rollout": journal().model_dump_json(exclude_defaults=True),
}


def test_a_record_of_an_older_dagship_is_read_and_written_anew() -> None:
    older = read(OLDER)

    assert older.releases[1] == release(1)
    assert older.journal == journal()
    assert read(form.dump(older)) == older


@pytest.mark.parametrize("schema", ["2", "3", "4", "5", "6"])
def test_a_record_that_has_all_releases_under_one_key_is_read_and_written_anew(schema: str) -> None:
    changes = kept.cut(documents.document(), 0)
    without = {"mode": "json", "exclude_defaults": True, "exclude": {"moves", "changes"}}
    moves = [one.model_dump(mode="json", exclude_defaults=True) for one in release(0).moves]
    data = {
        "schema": schema,
        "version": "0.9",
        "releases": json.dumps([release(0).model_dump(**without), release(1).model_dump(**without)]),
        "rollout": journal().model_dump_json(exclude_defaults=True, exclude={"moves"}),
        "moves": packed({"0": moves, "1": moves, "rollout": moves, "earlier": []}),
        "hold": HOLD.model_dump_json(),
    }
    told = release(1)
    if schema == "6":
        data["changes"] = packed({"1": changes.model_dump(mode="json", exclude_defaults=True)})
        told = told.model_copy(update={"changes": changes})
    found = read(data)

    assert found == Record(releases=(release(0), told), journal=journal(), hold=HOLD)
    assert read(form.dump(found)) == found


def test_a_record_of_a_newer_dagship_is_refused_by_the_version_needed_and_nobody_is_told_to_delete_it() -> None:
    data = {"schema": "8", "version": "2.5.0", "releases": "[]", "journals": "{}"}
    with pytest.raises(UsageError, match=r"was written by a newer dagship, 2\.5\.0") as refused:
        read(data)

    assert "Use dagship 2.5.0 or newer here" in refused.value.hint
    assert "delete" not in refused.value.hint


ONE = form.dump(Record(releases=(release(1),)))
WRITTEN_ONCE = {"number": 1, "kind": "rollout", "image": "airflow:1", "when": "2026-01-01"}


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
        {"schema": "two", "releases": "[]"},
        {"schema": "9" * 5_000, "releases": "[]"},
        {"schema": "²", "releases": "[]"},
        {"schema": "2", "releases": "[]"},
        {"schema": "6", "releases": "[]", "moves": "bm9uZQ=="},
        {"schema": "6", "releases": json.dumps([WRITTEN_ONCE]), "moves": packed({})},
        {**ONE, "moves.1": "bm9uZQ=="},
        {key: text for key, text in ONE.items() if key != "moves.1"},
        {**ONE, "changes.1": packed([])},
        {**ONE, "release.2": ONE["release.1"], "moves.2": ONE["moves.1"]},
        {**ONE, "release.1": "{}"},
        {**ONE, "moves.2": ONE["moves.1"]},
        {key: text for key, text in ONE.items() if key != "rollout"},
        {**ONE, "rollout": journal().model_dump_json(exclude={"moves", "earlier"})},
        {**ONE, "hold": "[]"},
        {**ONE, "moves.1": base64.b64encode(gzip.compress(b" " * 100_000_001, mtime=0)).decode()},
    ],
    ids=range(25),
)
def test_a_damaged_record_is_refused_with_the_way_out(data: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="The ConfigMap dagship is damaged") as refused:
        read(data)

    assert "only then delete it" in refused.value.hint
    assert len(refused.value.detail) <= 500


@pytest.mark.parametrize(
    "data",
    [
        {"releases": "[]", "settings.yaml": "theirs"},
        {"settings.yaml": "theirs"},
        {"release.1": "theirs"},
        {**ONE, "release.x": "theirs"},
        {**ONE, "releases": "[]"},
    ],
    ids=["with a key of ours", "alone", "a key of a later form", "what is no number", "a key of an earlier form"],
)
def test_what_somebody_else_wrote_is_not_called_ours(data: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"is not dagship's: it has the key (settings|release)") as refused:
        read(data)

    assert "delete" not in refused.value.hint


def test_a_hold_is_read_as_it_was_written():
    assert HOLD == form.parse({"data": form.dump(Record(hold=HOLD))}).hold


def test_a_record_without_one_has_no_key_for_it():
    assert "hold" not in form.dump(Record())
