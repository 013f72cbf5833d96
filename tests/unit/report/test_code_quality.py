"""Code Quality: what GitLab's documentation asks of each entry, and of the file as a whole."""

import json
from typing import Any

import jsonschema
import pytest

from dagship.report import issues
from dagship.report.code_quality import code_quality
from dagship.report.issues import Issue
from dagship.report.places import Places
from tests.builders.release_documents import HOSTILE, document, finding, nothing, report

PLACES = Places(dags="dags")
# Of docs.gitlab.com/ci/testing/code_quality, "Code Quality report format": what it names as required, the severities
# that it lists, a path from the repository's root that does not begin with `./`, and a line.
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "pattern": r"^[a-z-]+$"},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\.?/)."},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def checked(found: tuple[Issue, ...]) -> list[dict[str, Any]]:
    entries = code_quality(found)
    jsonschema.validate(entries, SCHEMA)
    json.dumps(entries).encode("utf-8")
    marks = [entry["fingerprint"] for entry in entries]
    assert len(set(marks)) == len(marks)
    return entries


def test_a_finding_is_an_entry_at_its_line() -> None:
    (entry,) = checked(issues.of_test(report(finding()), PLACES))

    assert entry["location"] == {"path": "dags/sales.py", "lines": {"begin": 3}}
    assert entry["severity"] == "major"
    assert entry["description"] == "ModuleNotFoundError: No module named 'pandas' Add the package."


def test_what_has_no_line_stands_at_the_first() -> None:
    (entry,) = checked(issues.of_test(report(finding(kind="pip-check", file="", line=0)), PLACES))

    assert entry["location"] == {"path": "dagship.toml", "lines": {"begin": 1}}


def test_a_warning_is_minor_and_what_is_accepted_is_for_information() -> None:
    found = (finding(severity="warning", kind="deprecation"), finding(kind="slow", accepted_until="2027-02-28"))

    assert [one["severity"] for one in checked(issues.of_test(report(*found), PLACES))] == ["minor", "info"]


def test_an_entry_has_the_same_fingerprint_when_its_line_moves() -> None:
    (before,) = checked(issues.of_test(report(finding(line=3)), PLACES))
    (after,) = checked(issues.of_test(report(finding(line=30)), PLACES))

    assert before["fingerprint"] == after["fingerprint"]


def test_a_report_of_nothing_is_an_empty_list() -> None:
    assert checked(issues.of_release(nothing(), PLACES)) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_of_users_is_one_line_without_escapes(text: str) -> None:
    for entry in checked(issues.of_release(document(text), PLACES)):
        assert entry["description"].isprintable() or "\t" in entry["description"]
        assert "\n" not in entry["location"]["path"]
