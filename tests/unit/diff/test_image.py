"""Packages, findings and seconds of two images."""

from dagship.diff import image
from dagship.model.snapshot import SnapshotFile
from dagship.model.verify_report import Finding, Kind
from tests.builders.snapshots import snapshot


def finding(message: str, kind: Kind = "import-error", line: int = 1) -> Finding:
    return Finding(severity="error", kind=kind, file="a.py", line=line, message=message, traceback="", hint="")


def test_packages_come_go_and_move() -> None:
    was = {"a": "1.9", "b": "2.0", "c": "1", "d": "1", "same": "1", "odd": "of Debian"}
    now = {"a": "1.10", "b": "1.0", "c": "1", "e": "1", "same": "1", "odd": "1"}

    assert [(one.name, one.change, one.in_base) for one in image.packages(was, now, ["b"])] == [
        ("a", "up", False),
        ("b", "down", True),
        ("d", "removed", False),
        ("e", "added", False),
        ("odd", "other", False),
    ]


def test_a_finding_is_old_also_on_another_line_and_new_where_there_is_one_more() -> None:
    was = [finding("x"), finding("gone")]
    now = [finding("x", line=7), finding("x", line=9)]

    assert [(one.change, one.finding.message) for one in image.findings(was, now)] == [
        ("new", "x"),
        ("mended", "gone"),
        ("old", "x"),
    ]


def test_a_file_that_is_slow_for_other_seconds_is_slow_as_before() -> None:
    was, now = finding("Parsing took 11.2 s", "slow"), finding("Parsing took 12.0 s", "slow")

    assert [one.change for one in image.findings([was], [now])] == ["old"]


def test_files_that_take_much_longer_come_first_and_small_differences_not_at_all() -> None:
    def of(**seconds: float) -> tuple[SnapshotFile, ...]:
        return tuple(SnapshotFile(file=f"{name}.py", seconds=each) for name, each in seconds.items())

    was = snapshot({}).model_copy(update={"files": of(slower=1, faster=3, alike=10, small=0.1)})
    now = snapshot({}).model_copy(update={"files": of(slower=4, faster=1, alike=11, small=0.4)})
    found = image.parse(was, now)

    assert (found.was, found.now) == (14.1, 16.4)
    assert [one.file for one in found.files] == ["slower.py", "faster.py"]
