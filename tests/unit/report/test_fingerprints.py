"""A fingerprint stays where the line or a number moves, and no two issues of a report have the same."""

from dagship.report.fingerprints import fingerprints
from dagship.report.issues import Issue

ISSUE = Issue("error", "slow", "dags/a.py", 3, "took 12.3 s, in helper.py:7 at 0x7f3a")


def test_the_same_issue_has_the_same_fingerprint_wherever_its_line_goes() -> None:
    moved = ISSUE._replace(line=40, message="took 9.75 s, in helper.py:11 at 0xdead")

    assert fingerprints([ISSUE]) == fingerprints([moved])


def test_another_file_kind_or_message_is_another_issue() -> None:
    others = [ISSUE._replace(path="dags/b.py"), ISSUE._replace(kind="timeout"), ISSUE._replace(message="else")]

    assert len({*fingerprints([ISSUE]), *(mark for one in others for mark in fingerprints([one]))}) == 4


def test_two_that_are_alike_are_told_apart() -> None:
    first, second = fingerprints([ISSUE, ISSUE._replace(line=9)])

    assert first != second
    assert fingerprints([ISSUE]) == (first,)
