"""What dagship writes down in a namespace is read again as it was, and nothing else is taken for it."""

import base64
import gzip
import hashlib
import json
from typing import Any

import pytest

from dagship.cluster.failures import Conflict, NotFound
from dagship.diff import kept
from dagship.errors import Refused, UsageError
from dagship.model.artifacts import Target
from dagship.record import config_map
from dagship.record import config_map as record_map
from dagship.record.model import Change, Hold, Journal, Move, Record, Release
from dagship.rollout.plan import planner
from dagship.workloads import selection
from dagship.workloads.spec import read as read_workload
from tests.builders import pods as o
from tests.builders import release_documents as documents


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
    return record_map.parse({"metadata": {"name": "dagship"}, "data": data})


def test_what_was_written_is_read_again() -> None:
    written = Record(releases=(release(0), release(1, who="größe\x1b\n\u202e")), journal=journal())

    assert read(record_map.dump(written)) == written


def test_an_ended_rollout_leaves_no_journal() -> None:
    data = record_map.dump(Record(releases=(release(0),)))

    assert data["rollout"] == ""
    assert read(data).journal is None


@pytest.mark.parametrize(
    "config_map", [None, {}, {"data": None}, {"data": {}}, {"data": {"releases": "[]"}}, {"data": {"rollout": ""}}]
)
def test_where_nothing_is_written_yet_the_record_is_empty(config_map: dict[str, Any] | None) -> None:
    assert record_map.parse(config_map) == Record()


def test_the_last_twenty_releases_are_kept() -> None:
    kept, gone = record_map.fit(Record(releases=tuple(release(number) for number in range(35))))

    assert [one.number for one in kept.releases] == list(range(15, 35))
    assert gone == ()  # that there are twenty is known


def test_the_oldest_go_first_where_there_is_no_room_and_are_named() -> None:
    big = tuple(release(number, who="x" * 100_000) for number in range(12))
    kept, gone = record_map.fit(Record(releases=big, journal=journal()))
    data = record_map.dump(kept)

    assert sum(map(len, data.values())) < 1_000_000
    assert [*gone, *(one.number for one in kept.releases)] == list(range(12))
    assert 5 < len(kept.releases) < 12
    assert read(data) == kept
    assert kept.journal == journal()


def test_what_releases_changed_is_read_again_and_goes_before_any_release_does() -> None:
    changes = kept.cut(documents.document(), 0)

    def record(size: int) -> Record:
        told = (release(number, who="x" * size).model_copy(update={"changes": changes}) for number in range(11))
        return Record(releases=tuple(told))

    assert record_map.fit(record(10))[0] == record(10)
    assert read(record_map.dump(record(10))) == record(10)

    left, gone = record_map.fit(record(81_600))
    told = [one.changes is not None for one in left.releases]
    assert (len(told), gone) == (11, ())
    assert told == sorted(told)  # the oldest lost it
    assert not all(told)

    left, gone = record_map.fit(record(83_000))
    assert gone == (0,)
    assert not any(one.changes for one in left.releases)


def test_one_release_is_kept_whatever_it_takes() -> None:
    """Whether it is too large is for the server to say."""
    assert len(record_map.fit(Record(releases=(release(0), release(1, who="x" * 2_000_000))))[0].releases) == 1


def airflow(workloads: int, number: int) -> tuple[Move, ...]:
    """A rollout of a chart with many queues: workers with an initContainer, a sidecar and the executor's setting."""
    before, after = (
        f"registry.example.com/data-platform/airflow@sha256:{hashlib.sha256(str(one).encode()).hexdigest()}"
        for one in (number - 1, number)
    )
    variables = ("AIRFLOW__KUBERNETES__WORKER_CONTAINER_REPOSITORY", "AIRFLOW__KUBERNETES__WORKER_CONTAINER_TAG")
    repository = {"name": variables[0], "value": before.partition("@")[0] + "@sha256"}
    tag = {"name": variables[1], "value": before.rpartition(":")[2]}
    raws = [
        o.stateful_set(
            f"airflow-worker-queue-{index}",
            template={
                "spec": {
                    "initContainers": [o.container("wait-for-airflow-migrations", before)],
                    "containers": [
                        o.container("worker", before, env=[repository, tag]),
                        o.container("worker-log-groomer", before),
                    ],
                }
            },
        )
        for index in range(workloads)
    ]
    read = [read_workload("StatefulSet", raw) for raw in raws]
    selected = selection.select(read, repositories=[before])
    return planner.to_image(selected, {}, [before], Target(image=after, digest=after.partition("@")[2]))


@pytest.mark.parametrize(("workloads", "most"), [(30, 80_000), (60, 90_000), (120, 110_000)])
def test_the_record_of_many_workloads_has_room_for_all_releases_and_a_rollout_under_way(
    workloads: int, most: int
) -> None:
    versions = [hashlib.sha256(str(number).encode()).hexdigest()[:12] for number in range(record_map.KEPT + 128)]
    releases = tuple(
        Release(
            number=number,
            kind="rollout",
            image=f"registry.example.com/data-platform/airflow@sha256:{'a' * 64}",
            dag_versions=tuple(versions[number : number + 128]),
            when="2026-01-01T00:00:00+00:00",
            moves=airflow(workloads, number),
        )
        for number in range(record_map.KEPT)
    )
    under_way = journal().model_copy(update={"moves": airflow(workloads, 20), "earlier": airflow(workloads, 19)})
    written = Record(releases=releases, journal=under_way)
    kept, gone = record_map.fit(written)
    data = record_map.dump(kept)

    assert (kept, gone) == (written, ())
    assert sum(len(move.changes) for move in under_way.moves) >= 3 * workloads
    assert read(data) == written
    assert sum(map(len, data.values())) < most


def test_everybody_can_read_a_release_without_unpacking_it() -> None:
    (shown,) = json.loads(record_map.dump(Record(releases=(release(3, image="airflow:7"),)))["releases"])

    assert shown == {"number": 3, "kind": "rollout", "image": "airflow:7", "who": "ci", "when": "2026-01-01"}


def test_moves_are_unpacked_as_the_documentation_says() -> None:
    packed = record_map.dump(Record(releases=(release(3),)))["moves"]
    moves = json.loads(gzip.decompress(base64.b64decode(packed)))

    assert moves["3"][0]["name"] == "worker"


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
    assert read(record_map.dump(older)) == older


@pytest.mark.parametrize("schema", ["3", "4", "5"])
def test_a_record_of_before_it_was_said_when_a_release_was_served_and_by_what_it_was_proven_is_read(
    schema: str,
) -> None:
    data = record_map.dump(Record(releases=(release(0), release(1)), journal=journal()))

    assert read({**data, "schema": schema}) == read(data)
    assert [(one.served, one.proven) for one in read({**data, "schema": schema}).releases] == [("", ())] * 2


def test_a_record_of_a_newer_dagship_is_refused_by_the_version_needed_and_nobody_is_told_to_delete_it() -> None:
    data = {"schema": "7", "version": "2.5.0", "releases": "[]", "journals": "{}"}
    with pytest.raises(UsageError, match=r"was written by a newer dagship, 2\.5\.0") as refused:
        read(data)

    assert "Use dagship 2.5.0 or newer here" in refused.value.hint
    assert "delete" not in refused.value.hint


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
        {**record_map.dump(Record(releases=(release(1),))), "moves": "bm9uZQ=="},
        {**record_map.dump(Record(releases=(release(1),))), "moves": record_map.dump(Record())["moves"]},
        {**record_map.dump(Record()), "moves": base64.b64encode(gzip.compress(b" " * 100_000_001, mtime=0)).decode()},
    ],
    ids=range(16),
)
def test_a_damaged_record_is_refused_with_the_way_out(data: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="The ConfigMap dagship is damaged") as refused:
        read(data)

    assert "only then delete it" in refused.value.hint
    assert len(refused.value.detail) <= 500


@pytest.mark.parametrize("data", [{"releases": "[]", "settings.yaml": "theirs"}, {"settings.yaml": "theirs"}])
def test_what_somebody_else_wrote_is_not_called_ours(data: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="is not dagship's: it has the key settings") as refused:
        read(data)

    assert "delete" not in refused.value.hint


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

    first = record_map.store(kept, Record(), None)
    second = record_map.store(kept, Record(), first)

    assert record_map.dump(Record()) == kept.data
    assert "2" == second["metadata"]["resourceVersion"]


def test_what_another_run_wrote_meanwhile_stays() -> None:
    kept = Kept({"releases": "[]", "rollout": ""})
    seen = kept.get("ConfigMap", "dagship")
    kept.replace("ConfigMap", "dagship", {**seen, "data": {"releases": "[]", "rollout": "another's"}})

    with pytest.raises(Refused, match="someone else"):
        record_map.store(kept, Record(), seen)

    assert kept.data is not None
    assert "another's" == kept.data["rollout"]


def test_a_label_that_somebody_set_meanwhile_is_no_conflict() -> None:
    kept = Kept({"releases": "old", "rollout": ""})
    seen = kept.get("ConfigMap", "dagship")
    kept.version += 1

    record_map.store(kept, Record(), seen)

    assert record_map.dump(Record()) == kept.data


def test_a_write_whose_answer_was_lost_was_done() -> None:
    kept = Kept({"releases": "old", "rollout": ""}, lost=True)

    written = record_map.store(kept, Record(), kept.get("ConfigMap", "dagship"))

    assert record_map.dump(Record()) == written["data"]


HOLD = Hold(since=1.5, dags=("a", "b"))


def test_a_hold_is_read_as_it_was_written():
    assert HOLD == config_map.parse({"data": config_map.dump(Record(hold=HOLD))}).hold


def test_a_record_without_one_has_no_key_for_it():
    assert "hold" not in config_map.dump(Record())
