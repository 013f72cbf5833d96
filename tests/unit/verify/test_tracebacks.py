"""Tracebacks that arrive as text, and the line of the DAG tree that each is due to."""

import pytest

from dagship.verify.blame import blame, fault_blame
from dagship.verify.tracebacks import parse, parse_fault

ROOT = "/opt/airflow/dag-versions/3f9c2a71d0b4"

PLAIN = f"""\
Traceback (most recent call last):
  File "/usr/lib/airflow/importer.py", line 238, in parse
    loader.exec_module(new_module)
  File "<frozen importlib._bootstrap_external>", line 940, in exec_module
  File "{ROOT}/sales.py", line 11, in <module>
    from helpers import tables
  File "{ROOT}/helpers/tables.py", line 5, in name
    return NAMES['orders']
           ~~~~~^^^^^^^^^^
KeyError: 'orders'
"""

SYNTAX = f"""\
Traceback (most recent call last):
  File "<frozen importlib._bootstrap_external>", line 936, in exec_module
  File "{ROOT}/sales.py", line 11
    def broken(:
               ^
SyntaxError: invalid syntax
"""

CHAINED = f"""\
Traceback (most recent call last):
  File "{ROOT}/sales.py", line 4, in read
    return VALUES[key]
KeyError: 'x'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "{ROOT}/sales.py", line 9, in <module>
    read("x")
  File "/usr/lib/library.py", line 6, in wrapped
    raise library.errors.SettingsError("no x:\\n  look into it") from error
library.errors.SettingsError: no x:
  look into it
"""

FAULT = f"""\
reading the model
Fatal Python error: Segmentation fault

Current thread 0x00007facfe5a12c0 (most recent call first):
  File "/usr/lib/python3.11/ctypes/__init__.py", line 519 in string_at
  File "{ROOT}/helpers/model.py", line 3 in load
  File "{ROOT}/sales.py", line 12 in <module>
  File "/usr/lib/airflow/importer.py", line 238 in parse

Extension modules: yaml._yaml (total: 1)
"""


def test_a_traceback_has_a_class_a_message_and_lines() -> None:
    trace = parse(PLAIN)

    assert (trace.kind, trace.message) == ("KeyError", "'orders'")
    assert [frame.line for frame in trace.frames] == [238, 940, 11, 5]


def test_a_syntax_error_is_where_its_line_says() -> None:
    assert parse(SYNTAX).kind == "SyntaxError"
    assert blame(parse(SYNTAX), ROOT, "sales.py") == (11, None)


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


def test_a_helper_is_blamed_with_the_dag_file_that_imports_it() -> None:
    assert blame(parse(PLAIN), ROOT, "sales.py") == (11, ("helpers/tables.py", 5))


def test_a_directory_that_only_begins_with_the_same_name_is_not_the_tree() -> None:
    elsewhere = PLAIN.replace(ROOT, f"{ROOT}-old")

    assert blame(parse(elsewhere), ROOT, "sales.py") == (0, None)


def test_a_member_of_a_zip_is_blamed_as_a_helper_since_a_zip_has_no_lines() -> None:
    zipped = PLAIN.replace(f"{ROOT}/sales.py", f"{ROOT}/sales.zip/main.py")

    assert blame(parse(zipped), ROOT, "sales.zip") == (0, ("helpers/tables.py", 5))


def test_a_fault_is_read_from_the_innermost_line_up() -> None:
    assert [frame.line for frame in parse_fault(FAULT)] == [238, 12, 3, 519]
    assert fault_blame(FAULT, ROOT, "sales.py") == (12, ("helpers/model.py", 3))


def test_output_without_a_fault_blames_no_line() -> None:
    assert fault_blame('  File "/a.py", line 3 in x\n', ROOT, "sales.py") == (0, None)
