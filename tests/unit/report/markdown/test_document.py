"""A report as Markdown: whole where it fits, cut where it does not, and never more than what was meant."""

import re

import pytest

from dagship.report.markdown.document import Sink, markdown, marker
from dagship.report.outline import findings, release
from dagship.report.places import Places
from tests.builders.release_documents import HOSTILE, document, finding, many, nothing, report
from tests.builders.rendered_markdown import rendered

PLACES = Places(dags="dags")


def of_release(text: str = "a value", sink: Sink = Sink.COMMENT) -> str:
    return markdown(release.outline(document(text), PLACES), sink)


def test_the_verdict_stands_first_below_the_marker() -> None:
    lines = markdown(release.outline(nothing(), PLACES), Sink.COMMENT, of="dags").splitlines()

    assert lines[0] == marker("diff", "dags")
    assert lines[3] == "✅ **Nothing changes for Airflow; packages: 1 up.**"
    assert "- `six` `1.16` → `1.17` (up)" in lines


def test_the_marker_is_the_same_each_time_and_another_for_another_directory() -> None:
    assert re.fullmatch(r"<!-- dagship diff [0-9a-f]{8} -->", marker("diff", "dags"))
    assert marker("diff", "dags") == marker("diff", "dags")
    assert len({marker("diff", "dags"), marker("diff", "other"), marker("test-image", "dags")}) == 3


def test_a_release_says_what_changes_in_each_dag() -> None:
    page = rendered(of_release())

    assert {"daily", "fresh", "gone", "other", "dags/daily.py:12", "max_active_runs"} <= set(page.code)
    for said in ("more than 412 runs at once, 16 at a time", "they end on the code that they began with", "20.5 kB"):
        assert said in page.text


def test_a_test_says_what_is_wrong_and_shows_the_traceback_from_the_users_file_on() -> None:
    page = rendered(markdown(findings.outline(report(finding()), PLACES), Sink.SUMMARY))

    assert "Failed by 1 finding: 1 DAG in 2 files, 4.2 s." in page.text
    assert "dags/sales.py:3" in page.code
    assert any("import pandas" in text for text in page.code)
    assert "Add the package." in page.text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_of_users_is_code_wherever_it_stands(text: str) -> None:
    page = rendered(
        of_release(text)
        + markdown(findings.outline(report(finding(message=text, traceback=text)), PLACES), Sink.SUMMARY)
    )

    assert page.tags <= {"h2", "h3", "ul", "li", "p", "strong", "code", "pre"}
    assert len(page.comments) == 2
    for other in page.others:
        assert not re.search(r"[@#/~%&!$^\[\]`<>*_](?!$|\s)|\w:\w|evil", other), other


@pytest.mark.parametrize("sink", list(Sink))
def test_no_sink_gets_more_than_it_takes(sink: Sink) -> None:
    text = markdown(release.outline(many(tasks=4), PLACES), sink)

    assert sink.size(text) <= sink.value
    assert len(text.encode("utf-16-le")) // 2 <= 65_536 or sink is Sink.SUMMARY
    if sink is Sink.COMMENT:
        shown = text.count("changes in `dags/dag_")
        assert f"- {300 - shown} more in the artifact" in text
        assert sink.size(text) > 0.9 * sink.value


def test_what_a_summary_has_already_counts() -> None:
    outline = release.outline(many(tasks=4), PLACES)

    assert len(markdown(outline, Sink.SUMMARY, taken=1024 * 1024 - 20_000).encode()) <= 20_000
    assert markdown(outline, Sink.SUMMARY, taken=1024 * 1024 - 10) == ""
