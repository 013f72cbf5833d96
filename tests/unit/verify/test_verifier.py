"""What a test as a whole comes to."""

import pytest

from dagship.model.artifacts import BuiltImage
from dagship.model.verify_report import Finding, Severity
from dagship.settings import Settings
from dagship.verify import verifier


def test_a_test_that_is_overdue_says_whether_it_was_in_pytest() -> None:
    importing = verifier.overdue(60, "words", in_tests=False)
    testing = verifier.overdue(60, "words", in_tests=True)

    assert importing.message == "The test as a whole did not end within 60 s, and was stopped."
    assert testing.message == "The test as a whole did not end within 60 s, and was stopped while pytest ran the tests."
    assert importing.traceback == testing.traceback == "words"


@pytest.mark.parametrize(
    ("severity", "strict", "passed"),
    [("warning", False, True), ("warning", True, False), ("error", False, False)],
)
def test_a_warning_fails_only_where_that_is_asked_for(severity: Severity, strict: bool, passed: bool) -> None:
    found = Finding(
        file="sales.py", kind="deprecation", severity=severity, line=7, message="old", traceback="", hint=""
    )
    image = BuiltImage.model_construct(reference="team/airflow:1", id="sha256:1", moved=(), dag_versions=())

    report = verifier.concluded(Settings(strict=strict), image, None, [found], mask=str)

    assert (report.passed, report.findings) == (passed, (found,))
