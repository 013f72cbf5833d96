"""The reports of one task."""

import json

from dagship.report import issues
from dagship.report.outline import release
from dagship.report.places import Places
from dagship.report.reports import Reports
from tests.builders.release_documents import document, nothing

PLACES = Places(dags="dags")


def test_each_format_is_made_of_the_same_document() -> None:
    found = document()
    made = Reports(outline=release.outline(found, PLACES), issues=issues.of_release(found, PLACES), of="dags")

    assert made.text("html").startswith("<!doctype html>")
    assert made.text("markdown").startswith("<!-- dagship diff ")
    assert json.loads(made.text("sarif"))["runs"][0]["automationDetails"]["id"] == "dagship/diff/"
    assert len(json.loads(made.text("code_quality"))) == len(made.issues)
    assert len(made.annotations()) == 6
    assert made.summary(0).splitlines()[1:] == made.text("markdown").splitlines()[1:]


def test_a_release_that_changes_nothing_has_empty_reports() -> None:
    made = Reports(outline=release.outline(nothing(), PLACES), issues=(), of="dags")

    assert json.loads(made.text("code_quality")) == []
    assert made.annotations() == ()
