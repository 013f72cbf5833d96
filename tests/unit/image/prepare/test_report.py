"""What is reported of commands becomes one sentence, what to do, and their last words."""

import json

import pytest

from dagship.errors import UsageError
from dagship.image.prepare import report


def heard(*lines: str) -> tuple[list[report.Report], list[str]]:
    said: list[report.Report] = []
    shown: list[str] = []
    hear = report.listener(said, shown.append)
    for line in lines:
        hear(line)
    return said, shown


def reason(**reported: object) -> UsageError:
    said, _ = heard(f"#9 12.345 @@PREPARE@@{json.dumps(reported)}")
    found = report.reason(said, 600)
    assert found is not None
    return found


def test_a_command_that_failed_is_named_with_its_last_words() -> None:
    words = "".join(f"line {number}\n" for number in range(100))
    found = reason(kind="status", command=["dbt", "parse", "--vars", "a: 1"], code=2, words=words)

    assert found.message == "The command \"dbt parse --vars 'a: 1'\" of prepare ended with exit status 2."
    assert found.detail.splitlines() == [f"line {number}" for number in range(85, 100)]
    assert "prepare_network" in found.hint
    assert found.exit_code == 2


def test_a_long_command_is_shortened_and_is_one_line() -> None:
    message = reason(kind="no-start", command=["sh", "-c", "a\n" * 1000], words="Permission denied").message

    assert "\n" not in message
    assert len(message) < 300


def test_a_command_that_does_not_end_leads_to_the_limit() -> None:
    found = reason(kind="time", command=["sleep", "600"], words="waiting")

    assert "did not end within 600 s: 'sleep 600'" in found.message
    assert "prepare_timeout" in found.hint
    assert found.detail == "waiting"


@pytest.mark.parametrize(
    "line",
    [
        '#9 1.2 | @@PREPARE@@{"kind": "large"}',
        '#9 1.2 | #9 1.2 @@PREPARE@@{"kind": "large"}',
        '#9 [prepare 3/3] RUN echo @@PREPARE@@{"kind": "large"}',
        '#9 1.2 @@PREPARE@@{"kind": "lar',
        '#9 1.2 @@PREPARE@@{"kind": 1}',
        "#9 1.2 @@PREPARE@@{}",
        "#9 1.2 @@PREPARE@@" + '{"a":' * 100_000 + "}",
    ],
)
def test_a_line_that_is_no_report_is_passed_on(line: str) -> None:
    assert heard(line) == ([], [line])


def test_nothing_is_made_of_what_was_not_reported_or_is_not_known() -> None:
    assert report.reason([], 1) is None
    assert report.reason([report.Report(kind="of another version")], 1) is None
