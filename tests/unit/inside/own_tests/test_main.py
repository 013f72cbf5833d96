"""What is told of the user's own tests. Left out: pytest in an image."""

from types import SimpleNamespace
from typing import Any

from dagship.inside.own_tests.main import Recorder, beginning


def report(outcome: str = "passed", *, seconds: float = 0.5, message: str = "", text: str = "") -> Any:
    return SimpleNamespace(
        nodeid="test_x.py::test_it",
        location=("test_x.py", 6, "test_it"),
        duration=seconds,
        failed=outcome == "failed",
        skipped=outcome == "skipped",
        longrepr=SimpleNamespace(reprcrash=SimpleNamespace(message=message)) if message else None,
        longreprtext=text,
    )


def kept(*reports: Any) -> dict[str, Any]:
    recorder = Recorder()
    for each in reports:
        recorder.pytest_runtest_logreport(each)
    return recorder.tests["test_x.py::test_it"]


def test_a_test_has_failed_if_any_of_its_phases_did_and_takes_the_time_of_all() -> None:
    test = kept(report(), report("failed", message="assert 1 == 2", text="the traceback"), report())

    assert (test["outcome"], test["seconds"], test["line"]) == ("failed", 1.5, 7)
    assert (test["message"], test["text"]) == ("assert 1 == 2", "the traceback")


def test_a_test_that_was_skipped_and_failed_in_another_phase_has_failed() -> None:
    failed = report("failed", text="E   boom")

    assert kept(report("skipped"), report())["outcome"] == "skipped"
    assert kept(report("skipped"), failed)["outcome"] == kept(failed, report("skipped"))["outcome"] == "failed"


def test_a_file_that_cannot_be_imported_is_a_test_that_failed_with_its_last_line() -> None:
    recorder = Recorder()
    recorder.pytest_collectreport(
        SimpleNamespace(nodeid="test_y.py", failed=True, longrepr="", longreprtext="a\nE  b\n")
    )

    assert [(name, one["outcome"], one["message"]) for name, one in recorder.tests.items()] == [
        ("test_y.py", "failed", "E  b")
    ]


def test_no_part_of_a_word_is_left_where_the_message_of_a_test_is_cut() -> None:
    for before in ("word " * 198, "line\n" * 198):  # 990 characters
        assert f"{before}…" == beginning(before + "correct-horse-battery")
    assert "a short one" == beginning("a short one")
    assert "…" == beginning("x" * 1001)
