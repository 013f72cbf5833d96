"""The outline of a test."""

from dagship.model.artifacts import Moved
from dagship.report.outline import findings
from dagship.report.outline.model import Line
from dagship.report.places import Places
from tests.builders.release_documents import finding, report

PLACES = Places(dags="dags")


def said(line: Line) -> str:
    return "".join(part if isinstance(part, str) else part.text for part in line)


def test_errors_warnings_and_what_is_accepted_stand_apart() -> None:
    found = (
        finding(),
        finding(severity="warning", kind="deprecation", message="old"),
        finding(kind="slow", accepted_until="2027-02-28", message="took long"),
    )
    outline = findings.outline(report(*found, unchecked=("whether packages fit",)), PLACES)
    lines = {section.key: [said(item.line) for item in section.items] for section in outline.sections}

    assert lines["errors"] == ["dags/sales.py:3 import-error: ModuleNotFoundError: No module named 'pandas'"]
    assert lines["warnings"] == ["dags/sales.py:3 deprecation: old"]
    assert lines["accepted"] == ["dags/sales.py:3 slow, accepted until 2027-02-28: took long"]
    assert lines["slowest"] == ["dags/b.py 1.50 s", "dags/sales.py 0.50 s"]
    assert lines["unchecked"] == ["whether packages fit"]
    assert outline.mark == "error"
    assert said(outline.verdict) == "Failed by 1 finding: 1 DAG in 2 files, 4.2 s."


def test_a_good_image_is_told_in_a_line() -> None:
    moved = Moved(name="six", was="1.17", now="1.16", by="dags.in:1")
    outline = findings.outline(report(moved=(moved,)), PLACES)

    assert outline.mark == "good"
    assert said(outline.verdict) == "Passed: 1 DAG in 2 files, 4.2 s."
    assert [section.key for section in outline.sections] == ["moved", "tests", "slowest"]


def test_a_finding_of_the_image_and_one_of_an_older_version_say_so() -> None:
    assert said(findings.place_of(finding(file=""), PLACES)) == "the image"
    assert (
        said(findings.place_of(finding(version="a81e07c455f2"), PLACES))
        == "dags/sales.py:3 of DAG version a81e07c455f2"
    )
