"""The record is cut to the room that there is, and written in the place of what was seen."""

import hashlib
from typing import Any

import pytest

from dagship.cluster.failures import Conflict, NotFound
from dagship.diff import kept
from dagship.errors import Refused
from dagship.model.artifacts import Target
from dagship.record import config_map, form
from dagship.record.model import KEPT, Move, Record, Release
from dagship.rollout.plan import planner
from dagship.workloads import selection
from dagship.workloads.spec import read as read_workload
from tests.builders import pods as o
from tests.builders import release_documents as documents
from tests.builders.records import journal, release


def test_the_last_twenty_releases_are_kept() -> None:
    kept, gone = config_map.fit(Record(releases=tuple(release(number) for number in range(35))))

    assert [one.number for one in kept.releases] == list(range(15, 35))
    assert gone == ()  # that there are twenty is known


def test_the_oldest_go_first_where_there_is_no_room_and_are_named() -> None:
    big = tuple(release(number, who="x" * 100_000) for number in range(12))
    kept, gone = config_map.fit(Record(releases=big, journal=journal()))
    data = form.dump(kept)

    assert sum(map(len, data.values())) < 1_000_000
    assert [*gone, *(one.number for one in kept.releases)] == list(range(12))
    assert 5 < len(kept.releases) < 12
    assert form.parse({"data": data}) == kept
    assert kept.journal == journal()


def test_what_releases_changed_is_read_again_and_goes_before_any_release_does() -> None:
    changes = kept.cut(documents.document(), 0)

    def record(size: int) -> Record:
        told = (release(number, who="x" * size).model_copy(update={"changes": changes}) for number in range(11))
        return Record(releases=tuple(told))

    assert config_map.fit(record(10))[0] == record(10)
    assert form.parse({"data": form.dump(record(10))}) == record(10)

    left, gone = config_map.fit(record(80_500))
    told = [one.changes is not None for one in left.releases]
    assert (len(told), gone) == (11, ())
    assert told == sorted(told)  # the oldest lost it
    assert not all(told)

    left, gone = config_map.fit(record(81_600))
    assert gone == (0,)
    assert not any(one.changes for one in left.releases)


def test_one_release_is_kept_whatever_it_takes() -> None:
    """Whether it is too large is for the server to say."""
    assert len(config_map.fit(Record(releases=(release(0), release(1, who="x" * 2_000_000))))[0].releases) == 1


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
    versions = [hashlib.sha256(str(number).encode()).hexdigest()[:12] for number in range(KEPT + 128)]
    releases = tuple(
        Release(
            number=number,
            kind="rollout",
            image=f"registry.example.com/data-platform/airflow@sha256:{'a' * 64}",
            dag_versions=tuple(versions[number : number + 128]),
            when="2026-01-01T00:00:00+00:00",
            moves=airflow(workloads, number),
        )
        for number in range(KEPT)
    )
    under_way = journal().model_copy(update={"moves": airflow(workloads, 20), "earlier": airflow(workloads, 19)})
    written = Record(releases=releases, journal=under_way)
    kept, gone = config_map.fit(written)
    data = form.dump(kept)

    assert (kept, gone) == (written, ())
    assert sum(len(move.changes) for move in under_way.moves) >= 3 * workloads
    assert form.parse({"data": data}) == written
    assert sum(map(len, data.values())) < most


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
        self.sent: dict[str, str | None] = {}

    def get(self, _kind: str, name: str) -> dict[str, Any]:
        if self.data is None:
            raise NotFound("not there")
        return {"metadata": {"name": name, "resourceVersion": str(self.version)}, "data": self.data}

    def patch(self, kind: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
        if self.data is None:
            raise NotFound("not there")
        if body["metadata"]["resourceVersion"] != str(self.version):
            raise Conflict("changed meanwhile")
        self.sent = body["data"]
        merged = {**self.data, **body["data"]}
        self.version, self.data = self.version + 1, {key: text for key, text in merged.items() if text is not None}
        if self.lost:  # asked again, as the gateway does
            raise Conflict("changed meanwhile")
        return self.get(kind, name)

    def create(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        if self.data is not None:
            raise Conflict("already exists")
        self.data = body["data"]
        return self.get(kind, body["metadata"]["name"])


def test_a_record_is_written_in_the_place_of_the_one_that_was_seen() -> None:
    there = Kept(None)

    first = config_map.store(there, Record(), None)
    second = config_map.store(there, Record(), first)

    assert form.dump(Record()) == there.data
    assert "2" == second["metadata"]["resourceVersion"]


def test_what_is_other_is_sent_and_what_is_gone_is_taken_away_and_nothing_else() -> None:
    there = Kept(None)
    seen = config_map.store(there, Record(releases=(release(1), release(2)), journal=journal()), None)
    after = Record(releases=(release(2), release(3)))
    config_map.store(there, after, seen)

    assert there.sent == {
        **{key: form.dump(after)[key] for key in ("release.3", "moves.3", "rollout")},
        **dict.fromkeys(("release.1", "moves.1", "rollout.moves", "rollout.earlier")),
    }
    assert form.parse({"data": there.data}) == after


def test_a_record_of_an_earlier_form_is_written_whole_and_its_keys_go() -> None:
    there = Kept({"schema": "6", "version": "0.9", "releases": "[]", "rollout": "", "moves": "", "changes": ""})
    config_map.store(there, Record(releases=(release(1),)), there.get("ConfigMap", "dagship"))

    assert there.data == form.dump(Record(releases=(release(1),)))


def test_a_record_that_was_deleted_meanwhile_is_written_whole() -> None:
    there = Kept(None)
    seen = config_map.store(there, Record(releases=(release(1),)), None)
    there.data = None
    config_map.store(there, Record(releases=(release(1), release(2))), seen)

    assert there.data == form.dump(Record(releases=(release(1), release(2))))


def test_what_another_run_wrote_meanwhile_stays() -> None:
    kept = Kept({"releases": "[]", "rollout": ""})
    seen = kept.get("ConfigMap", "dagship")
    kept.patch("ConfigMap", "dagship", {**seen, "data": {"rollout": "another's"}})

    with pytest.raises(Refused, match="someone else"):
        config_map.store(kept, Record(), seen)

    assert kept.data is not None
    assert "another's" == kept.data["rollout"]


def test_a_label_that_somebody_set_meanwhile_is_no_conflict() -> None:
    kept = Kept({"releases": "old", "rollout": ""})
    seen = kept.get("ConfigMap", "dagship")
    kept.version += 1

    config_map.store(kept, Record(), seen)

    assert form.dump(Record()) == kept.data


def test_a_write_whose_answer_was_lost_was_done() -> None:
    kept = Kept({"releases": "old", "rollout": ""}, lost=True)

    written = config_map.store(kept, Record(), kept.get("ConfigMap", "dagship"))

    assert form.dump(Record()) == written["data"]
