"""SARIF: what the OASIS schema takes, what GitHub asks for beyond it, and no message that is more than text."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from dagship.report import issues
from dagship.report.issues import Issue
from dagship.report.places import Places
from dagship.report.sarif import MOST, message, sarif
from tests.builders.release_documents import HOSTILE, document, finding, nothing, report

PLACES = Places(dags="dags")


@cache
def validator() -> Any:
    schema = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text("utf-8"))
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())


def checked(found: tuple[Issue, ...]) -> dict[str, Any]:
    log = sarif(found, automation="test-image")
    validator().validate(log)
    json.dumps(log).encode("utf-8")
    return log["runs"][0]


def read(text: str) -> str:
    """A message as section 3.11.5 has it read: pairs of braces are braces."""
    assert not re.search(r"(?<!\{)(?:\{\{)*\{\d+\}(?!\})", text), "a placeholder"
    assert "](" not in text, "an embedded link"
    return text.replace("{{", "{").replace("}}", "}")


def test_the_schema_refuses_what_is_no_sarif() -> None:
    log = sarif(issues.of_test(report(finding()), PLACES), automation="test-image")
    log["runs"][0]["results"][0]["level"] = "fatal"

    with pytest.raises(jsonschema.ValidationError):
        validator().validate(log)


def test_a_report_is_what_the_schema_and_code_scanning_take() -> None:
    run = checked(issues.of_test(report(finding(), finding(kind="pip-check", file="", line=0)), PLACES))
    rules = run["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == ["import-error", "pip-check"]
    assert all(rule["shortDescription"]["text"] and rule["help"]["text"] for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert len(result["locations"]) == 1
        assert result["partialFingerprints"]["dagship/v1"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "dags/sales.py", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 3}


def test_a_release_says_what_the_version_before_had_too() -> None:
    results = checked(issues.of_release(document(), PLACES))["results"]

    assert [one["baselineState"] for one in results] == ["new", "new", "new", "unchanged", "new", "new"]
    assert checked(issues.of_release(nothing(), PLACES))["results"] == []


def test_what_the_baseline_accepts_is_suppressed() -> None:
    (result,) = checked(issues.of_test(report(finding(accepted_until="2027-02-28")), PLACES))["results"]

    assert result["suppressions"][0]["justification"] == "Accepted by the baseline until 2027-02-28."


def test_no_more_results_are_written_than_are_taken() -> None:
    many = tuple(Issue("error", "slow", "a.py", 1, str(number)) for number in range(MOST + 5))

    assert len(sarif(many, automation="diff")["runs"][0]["results"]) == MOST


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_of_users_is_no_link_no_placeholder_and_no_escape(text: str) -> None:
    results = checked(issues.of_release(document(text), PLACES))["results"]

    for result in results:
        shown = read(result["message"]["text"])
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", shown)
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri)
        assert not unquote(uri).startswith("/")


def test_a_message_says_what_the_text_says() -> None:
    assert message("{0} is [here](x) {}") == "{{0}} is [here] (x) {{}}"
