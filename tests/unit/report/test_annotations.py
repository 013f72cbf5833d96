"""Workflow commands, read as GitHub's runner reads them: each is one, and none is made by a text of users."""

import re

import pytest

from dagship.report import issues
from dagship.report.annotations import MOST, annotations
from dagship.report.issues import Issue
from dagship.report.places import Places
from tests.builders.release_documents import HOSTILE, document, finding, report

PLACES = Places(dags="dags")
# Of the runner, ActionCommand.TryParseV2: what stands between the first `::` and the next, and what follows.
_COMMAND = re.compile(r"::(error|warning) ([^:]*)::(.*)")
_ESCAPES = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}


def read(command: str) -> tuple[str, dict[str, str], str]:
    found = _COMMAND.fullmatch(command)
    assert found, command
    properties = dict(one.split("=", 1) for one in found[2].split(","))
    return found[1], {name: decoded(value) for name, value in properties.items()}, decoded(found[3])


def decoded(text: str) -> str:
    return re.sub("%(0D|0A|3A|2C|25)", lambda found: _ESCAPES[found[0]], text)


def test_a_finding_is_shown_at_its_line() -> None:
    (command,) = annotations(issues.of_test(report(finding()), PLACES))

    assert read(command) == (
        "error",
        {"file": "dags/sales.py", "line": "3", "title": "dagship: import-error"},
        "ModuleNotFoundError: No module named 'pandas'\nAdd the package.",
    )


def test_the_ten_worst_of_each_kind_are_shown_errors_first() -> None:
    many = [
        Issue(severity, "slow", "a.py", 1, f"{severity} {number}")
        for severity in ("error", "warning")
        for number in range(20)
    ]
    shown = [read(command) for command in annotations(many)]

    assert len(shown) == 2 * MOST
    assert [one[0] for one in shown] == ["error"] * MOST + ["warning"] * MOST
    assert shown[0][2] == "error 0"


def test_what_is_accepted_is_not_shown() -> None:
    assert annotations(issues.of_test(report(finding(accepted_until="2027-02-28")), PLACES)) == ()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_of_users_stays_in_its_message(text: str) -> None:
    commands = annotations(issues.of_release(document(text), PLACES))

    assert len(commands) == 6
    for command in commands:
        assert len(command.splitlines()) == 1
        assert "\x1b" not in command
        _, properties, _ = read(command)
        assert set(properties) <= {"file", "line", "title"}
