"""Tracebacks that arrive as text, and the line of the DAG tree that each is due to."""

import pytest

from dagship.verify.blame import blame
from dagship.verify.tracebacks import parse
from tests.builders.tracebacks import CHAINED, PLAIN, ROOT


def test_a_traceback_has_a_class_a_message_and_lines() -> None:
    trace = parse(PLAIN)

    assert (trace.kind, trace.message) == ("KeyError", "'orders'")
    assert [frame.line for frame in trace.frames] == [238, 940, 11, 5]


def test_the_last_of_chained_exceptions_counts_and_keeps_its_lines() -> None:
    trace = parse(CHAINED)

    assert trace.kind == "SettingsError"
    assert trace.message == "no x:\n  look into it"
    assert [frame.line for frame in trace.chained] == [4]
    assert blame(trace, ROOT, "sales.py") == (9, None)


def test_every_exception_of_a_chain_is_told_without_the_lines_of_source() -> None:
    assert [(one.kind, one.message) for one in parse(CHAINED).raised] == [
        ("SettingsError", "no x:\n  look into it"),
        ("KeyError", "'x'"),
    ]


def test_a_line_without_a_traceback_is_class_and_message() -> None:
    trace = parse("AirflowDagCycleException: Cycle detected in Dag: sales. Faulty task: load")

    assert trace.kind == "AirflowDagCycleException"
    assert trace.message == "Cycle detected in Dag: sales. Faulty task: load"
    assert trace.frames == ()


@pytest.mark.parametrize("text", ["", "no traceback at all", "Traceback (most recent call last):\n"])
def test_text_that_is_no_traceback_is_read_all_the_same(text: str) -> None:
    assert parse(text).frames == ()
