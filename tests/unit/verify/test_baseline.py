"""The baseline: what is wrong today with DAG files, accepted by file and kind until a day."""

from datetime import date, timedelta

import pytest

from dagship.errors import UsageError
from dagship.model.verify_report import Accepted, Finding, VerifyReport
from dagship.verify import baseline

TODAY = date(2027, 2, 28)


def finding(kind: str, file: str = "", **facts: object) -> Finding:
    given = {"severity": "error", "line": 1, "message": "m", "traceback": "", "hint": "Mend it."}
    return Finding.model_validate({**given, **facts, "kind": kind, "file": file})


def report(*findings: Finding, strict: bool = False) -> VerifyReport:
    known = {"image": "i", "id": "sha256:1", "passed": False, "airflow": "3", "python": "3", "files": (), "seconds": 1}
    return VerifyReport.model_validate({**known, "strict": strict, "findings": findings})


def entry(file: str, kind: str = "import-error", until: date = TODAY) -> Accepted:
    return Accepted.model_validate({"file": file, "kind": kind, "until": until})


BROKEN = finding("import-error", "a.py")


def test_what_is_accepted_says_so_and_does_not_fail_up_to_and_with_its_day() -> None:
    found = baseline.applied(report(BROKEN), [entry("a.py")], TODAY)

    assert found.passed
    assert [one.accepted_until for one in found.findings] == ["2027-02-28"]


def test_what_is_accepted_past_its_day_fails_and_says_why() -> None:
    found = baseline.applied(report(BROKEN), [entry("a.py")], TODAY + timedelta(days=1))

    assert not found.passed
    assert found.findings[0].hint.startswith("The baseline accepted it until 2027-02-28: mend it,")


@pytest.mark.parametrize("other", [entry("b.py"), entry("a.py", "cycle")])
def test_another_file_or_kind_is_not_accepted(other: Accepted) -> None:
    assert not baseline.applied(report(BROKEN), [other], TODAY).passed


def test_an_entry_is_about_the_file_in_every_dag_version() -> None:
    earlier = BROKEN.model_copy(update={"version": "0123456789ab"})

    found = baseline.applied(report(earlier), [entry("a.py")], TODAY)

    assert found.passed
    assert not found.mended


@pytest.mark.parametrize("kind", ["test-failed", "no-tests"])
def test_what_the_users_own_tests_find_is_never_accepted(kind: str) -> None:
    assert not baseline.applied(report(finding(kind, "test_a.py")), [entry("test_a.py", kind)], TODAY).passed


def test_what_is_wrong_with_the_image_is_never_accepted() -> None:
    assert not baseline.applied(report(finding("pip-check")), [entry("", "pip-check")], TODAY).passed


def test_an_entry_without_a_finding_is_mended() -> None:
    found = baseline.applied(report(), [entry("a.py")], TODAY - timedelta(days=900))

    assert found.passed
    assert found.mended == (entry("a.py"),)


def test_nothing_counts_as_mended_where_the_test_broke_off() -> None:
    broken_off = report(finding("crashed"))

    assert not baseline.applied(broken_off, [entry("a.py")], TODAY).mended
    assert baseline.renewed(broken_off, [entry("a.py")], TODAY) == (entry("a.py"),)


def test_a_renewed_baseline_keeps_the_days_of_what_is_still_wrong_and_drops_what_is_mended() -> None:
    old = [entry("a.py", until=date(2026, 1, 1)), entry("mended.py")]

    new = baseline.renewed(report(BROKEN, finding("cycle", "b.py"), finding("pip-check")), old, TODAY)

    assert new == (old[0], entry("b.py", "cycle", TODAY + timedelta(days=90)))


def test_a_warning_is_accepted_only_where_warnings_fail() -> None:
    slow = finding("slow", "a.py", severity="warning")

    assert not baseline.renewed(report(slow), [], TODAY)
    assert baseline.applied(report(slow), [entry("a.py", "slow")], TODAY).findings[0].accepted_until == ""
    assert baseline.applied(report(slow, strict=True), [entry("a.py", "slow")], TODAY).passed


def test_what_is_written_is_read_again_whatever_the_name_of_the_file() -> None:
    entries = (entry('odd "name"\\\n[[x]]\x7f.py'), entry("ä/b.py"))

    assert baseline.parse(baseline.text(entries), "b.toml") == entries


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[accepted]", "is no TOML"),
        ("accepted = 3", "another form"),
        ("other = 3", "more in it than entries"),
        ("[[accepted]]\nfile = 'a.py'\nkind = 'import-eror'\nuntil = 2027-01-01", "no such kind of finding"),
        ("[[accepted]]\nfile = 'a.py'\nkind = 'cycle'", "until: field required"),
        ("accepted = ['a.py']", "Entry 1"),
    ],
)
def test_what_is_no_baseline_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=r"baseline b\.toml") as refused:
        baseline.parse(text, "b.toml")

    assert said in refused.value.message
    assert "\n" not in refused.value.message
