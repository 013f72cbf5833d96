"""A document of a release, told backwards."""

from dagship.model.kept_document import KeptDocument, reverse
from tests.builders import release_documents as documents


def test_what_came_goes_and_what_is_new_was_there_before() -> None:
    document = documents.document()
    back = reverse(document)

    assert (back.was, back.now) == (document.now, document.was)
    assert [(one.dag_id, one.change) for one in back.dags] == [
        ("daily", "changed"),
        ("a value", "changed"),
        ("fresh", "removed"),
        ("gone", "added"),
        ("a value", "renamed"),
    ]
    assert back.dags[4].was_id == "other"
    assert [(one.name, one.was, one.now) for one in back.dags[0].fields] == [
        ("a value", None, "a value"),
        ("max_active_runs", "16", "1"),
    ]
    assert [(one.task_id, one.change) for one in back.dags[0].tasks] == [("a value", "changed"), ("load", "removed")]
    assert [(one.was, one.now) for one in back.dags[0].tasks[0].fields] == [("a value", None)]
    assert [one.change for one in (*back.dags[0].edges, *back.dags[0].assets)] == ["removed", "removed"]
    assert (back.dags[0].schedule_was, back.dags[0].schedule_now) == (
        document.dags[0].schedule_now,
        document.dags[0].schedule_was,
    )
    assert [one.change for one in back.files or ()] == ["changed", "removed"]
    assert [one.change for one in back.findings] == ["mended", "mended", "old", "new"]
    assert [(one.was, one.now, one.change) for one in back.packages or ()] == [
        ("2", "1", "down"),
        ("2.1", "2.2", "up"),
        ("1.17", None, "removed"),
    ]
    assert back.parse is not None
    assert (back.parse.was, back.parse.now) == (20.25, 12.5)


def test_what_holds_for_one_way_alone_is_not_told_of_the_other() -> None:
    back = reverse(documents.document())

    assert (back.pull, back.way, back.missing, back.verdict.notices) == (None, None, None, ())
    dags = (*back.dags, *(one.example for one in back.shared))
    assert {(one.runs_at_once, one.unfinished, one.graph) for one in dags} == {(None, None, None)}


def test_back_and_back_again_says_the_same_of_each_dag_and_package() -> None:
    once = reverse(documents.document())
    twice = reverse(reverse(once))

    assert (twice.dags, twice.shared, twice.packages, twice.files, twice.findings) == (
        once.dags,
        once.shared,
        once.packages,
        once.files,
        once.findings,
    )


def test_the_way_back_has_the_verdict_that_was_made_of_the_whole() -> None:
    kept = KeptDocument(since=6, document=documents.nothing(), back="Nothing changes for Airflow; packages: 1 down.")
    back = kept.backwards()

    assert back.verdict.sentence == "Nothing changes for Airflow; packages: 1 down."
    assert not back.verdict.dags_change
