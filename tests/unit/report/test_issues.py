"""Issues of a test and of a release: where they are, and the worst first."""

from typing import get_args

from dagship.model.release_document import NoticeKind
from dagship.model.verify_report import Kind
from dagship.report import issues, kinds
from dagship.report.places import Places
from tests.builders.release_documents import document, finding, nothing, report

PLACES = Places(dags="dags")


def test_each_kind_of_finding_and_of_notice_has_a_sentence_and_no_other_word_has() -> None:
    assert set(kinds.OF_FINDINGS) == set(get_args(Kind))
    assert set(kinds.OF_NOTICES) == set(get_args(NoticeKind))
    assert all(sentence.endswith(".") for sentence in kinds.SENTENCES.values())


def test_a_finding_has_its_path_from_the_root_and_its_line() -> None:
    (issue,) = issues.of_test(report(finding()), PLACES)

    assert ("dags/sales.py", 3, "error", "import-error") == (issue.path, issue.line, issue.severity, issue.kind)
    assert issue.text == "ModuleNotFoundError: No module named 'pandas'\nAdd the package."


def test_a_finding_of_the_image_stands_at_the_settings() -> None:
    (issue,) = issues.of_test(report(finding(kind="pip-check", file="", line=0)), PLACES)

    assert issue.path == "dagship.toml"


def test_a_finding_of_an_older_version_has_no_line_of_the_file_as_it_is_today() -> None:
    (issue,) = issues.of_test(report(finding(version="a81e07c455f2")), PLACES)

    assert issue.line == 0
    assert issue.message.startswith("In DAG version a81e07c455f2: ")


def test_errors_stand_before_warnings_and_what_is_accepted_last() -> None:
    found = (
        finding(severity="warning", kind="deprecation"),
        finding(kind="slow", accepted_until="2027-02-28"),
        finding(kind="cycle"),
    )

    assert [one.kind for one in issues.of_test(report(*found), PLACES)] == ["cycle", "deprecation", "slow"]


def test_a_release_has_its_notices_and_the_findings_of_its_new_version() -> None:
    found = issues.of_release(document(), PLACES)
    standing = [(one.kind, one.standing) for one in found]

    assert standing == [
        ("runs-at-once", "new"),
        ("pool-missing", "new"),
        ("import-error", "new"),
        ("slow", "old"),
        ("schedule-changed", "new"),
        ("deprecation", "new"),
    ]
    assert issues.of_release(nothing(), PLACES) == ()
