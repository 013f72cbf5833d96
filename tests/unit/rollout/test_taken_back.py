"""What a rollback takes back."""

from dagship.diff import kept
from dagship.record.model import Release
from dagship.rollout import taken_back
from tests.builders import release_documents as documents


def release(number: int, since: int | None = None) -> Release:
    changes = None if since is None else kept.cut(documents.document(), since)
    return Release(number=number, kind="rollout", image=f"airflow:{number}", when="2026-01-01", changes=changes)


def test_a_release_that_is_taken_back_is_told_backwards() -> None:
    (step,) = taken_back.steps((release(6), release(7, 6)), release(6))

    assert step.release == 7
    assert step.document is not None
    changes = {one.dag_id: one.change for one in step.document.dags}
    assert (changes["daily"], changes["fresh"], changes["gone"]) == ("changed", "removed", "added")
    assert step.document.verdict.sentence.startswith("4 DAGs change, 1 comes, 1 goes")


def test_several_are_told_one_by_one_the_newest_first() -> None:
    found = taken_back.steps((release(5), release(6, 5), release(7, 6)), release(5))

    assert [(one.release, one.document is not None) for one in found] == [(7, True), (6, True)]


def test_what_is_not_on_record_is_said_and_not_made_up() -> None:
    """Also where a document is about another release than the one that it would go back to."""
    found = taken_back.steps((release(3), release(5, 4), release(6), release(7, 6)), release(3))

    assert [(one.release, one.document is not None) for one in found] == [(7, True), (6, False), (5, False)]


def test_going_to_the_release_that_is_there_takes_nothing_back() -> None:
    assert taken_back.steps((release(6), release(7, 6)), release(7)) == ()
    assert taken_back.steps((), release(7)) == ()
