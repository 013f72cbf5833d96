"""A document of a release, cut to the size in which it is kept."""

import gzip
from collections.abc import Iterable
from random import Random

import pytest

from dagship.diff import kept
from dagship.model.kept_document import KeptDocument
from dagship.record import form, packing
from dagship.record.model import Record, Release
from tests.builders import release_documents as documents


def size(one: KeptDocument) -> int:
    return len(gzip.compress(one.document.model_dump_json(exclude_defaults=True).encode(), mtime=0))


def test_a_small_one_is_kept_but_for_what_is_drawn_and_pulled() -> None:
    document = documents.document()
    found = kept.cut(document, 6)

    assert found.since == 6
    assert found.left_out == ()
    assert found.document.verdict == document.verdict
    assert found.document.dags == tuple(one.model_copy(update={"graph": None}) for one in document.dags)
    assert found.document.packages == document.packages
    assert [one.change for one in found.document.findings] == ["new", "new", "mended"]
    assert not any(one.finding.traceback for one in found.document.findings)
    assert found.document.pull is not None
    assert (found.document.pull.bytes, found.document.pull.layers) == (20_480, ())


def test_the_sentence_of_the_way_back_is_that_of_the_whole() -> None:
    found = kept.cut(documents.document(), 6)

    assert found.back == (
        "4 DAGs change, 1 comes, 1 goes, 1 is renamed; packages: 1 up, 1 down, 1 removed; 1 new finding."
    )
    assert kept.cut(documents.many(), 6).back == "300 DAGs change."
    assert kept.cut(documents.nothing(), 6).back == "Nothing changes for Airflow; packages: 1 down."


def test_a_large_one_is_cut_to_the_size_and_says_what_is_not_there() -> None:
    document = documents.many()
    found = kept.cut(document, 6)

    assert size(found) <= kept.MOST
    assert found.document.verdict == document.verdict
    assert 0 < len(found.document.dags) < 300
    assert found.left_out[0] == f"{300 - len(found.document.dags)} more DAGs became other."


def test_it_says_so_where_a_dag_has_more_than_is_kept() -> None:
    dag = documents.changed(code=tuple(f"a{number * 7919}.py" for number in range(2000)))
    found = kept.cut(documents.nothing().model_copy(update={"dags": (dag,)}), 6)

    assert size(found) <= kept.MOST
    assert found.left_out == ("Of 1 DAG more became other than is kept.",)


@pytest.mark.parametrize("text", documents.HOSTILE)
def test_any_text_is_kept_and_read_again(text: str) -> None:
    found = kept.cut(documents.document(text), 6)

    assert packing.unpack_document(packing.pack_document(found)) == found


def test_in_a_record_of_ten_releases_it_takes_less_than_a_twentieth_of_the_room() -> None:
    def size(releases: Iterable[Release]) -> int:
        return sum(map(len, form.dump(Record(releases=tuple(releases))).values()))

    # Texts that nothing packs: the same one ten times would take the room of one.
    random = Random(0)
    releases = [
        Release(
            number=number,
            kind="rollout",
            image="airflow:1",
            when="2026-01-01",
            changes=kept.cut(
                documents.many(0).model_copy(
                    update={"dags": tuple(documents.changed(random.randbytes(20).hex()) for _ in range(300))}
                ),
                number,
            ),
        )
        for number in range(10)
    ]
    without = [one.model_copy(update={"changes": None}) for one in releases]

    assert 20_000 < size(releases) - size(without) < 45_000  # of 900,000
