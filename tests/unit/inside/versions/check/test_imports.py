"""What the import check makes of a report."""

import os
from pathlib import Path
from typing import Any

import pytest

from dagship.inside.versions.check import imports
from dagship.inside.versions.check.imports import check, judge, read

TRACEBACK = """Traceback (most recent call last):
  File "/v/a.py", line 3, in <module>
    import nope
ModuleNotFoundError: No module named 'nope'
"""


def file(name: str, *dags: str, **seen: Any) -> dict[str, Any]:
    found = {"dags": [{"id": dag, "line": 1} for dag in dags], "twice": [], "errors": [], **seen}
    return {"file": name, "seen": found}


def error(text: str, phase: str = "import", dag: str = "") -> dict[str, str]:
    return {"phase": phase, "dag": dag, "text": text}


def report(*files: dict[str, Any], failed: str = "") -> dict[str, Any]:
    return {"failed": failed, "files": list(files)}


def test_files_with_dags_pass() -> None:
    assert judge(report(file("a.py", "a"), file("b.py", "b"), file("helper.py"))).passed


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (file("a.py", errors=[error(TRACEBACK)]), "ModuleNotFoundError: No module named 'nope'"),
        (
            file("a.py", "d", errors=[error(TRACEBACK, "serialize", "d")]),
            "The DAG 'd' cannot be serialized: ModuleNotFoundError: No module named 'nope'",
        ),
        (
            file("a.py", errors=[error("Cycle detected in DAG: d. Faulty task: t\n")]),
            "Cycle detected in DAG: d. Faulty task: t",
        ),
        (
            {"file": "a.py", "seen": None, "died": {"killed": True, "signal": "SIGKILL", "exit": 0, "seconds": 35.0}},
            "Its import did not end within 35 s.",
        ),
        (
            {"file": "a.py", "seen": None, "died": {"killed": False, "signal": "SIGSEGV", "exit": 0, "seconds": 35.0}},
            "Its import dies of SIGSEGV.",
        ),
        (
            {"file": "a.py", "seen": None, "died": {"killed": False, "signal": "", "exit": 3, "seconds": 35.0}},
            "It ends the process while it is imported, with exit status 3.",
        ),
        (
            {
                "file": "a.py",
                "seen": None,
                "died": {"killed": False, "signal": "", "exit": 70, "lost": True, "seconds": 35.0},
            },
            "Nothing came back of its import: it ends or stops its parent, or takes what it has not opened.",
        ),
    ],
)
def test_a_file_that_cannot_be_imported_refuses_the_version(broken: dict[str, Any], said: str) -> None:
    verdict = judge(report(file("good.py", "g"), broken))

    assert (False, f"a.py: {said}") == (verdict.passed, verdict.reason)
    assert (("a.py", said),) == verdict.findings


def test_a_line_of_source_that_speaks_of_a_variable_lets_nothing_pass() -> None:
    shown = TRACEBACK.replace("import nope", "import nope  # Variable region does not exist")

    assert not judge(report(file("good.py", "g"), file("a.py", errors=[error(shown)]))).passed


@pytest.mark.parametrize(
    ("signal", "killed", "lasting"), [("SIGKILL", 0, False), ("SIGKILL", 1, True), ("SIGSEGV", 0, True)]
)
def test_what_somebody_else_killed_is_checked_again_later(signal: str, killed: int, lasting: bool) -> None:
    died = {"killed": bool(killed), "signal": signal, "exit": 0, "seconds": 35.0}

    assert lasting is judge(report(file("good.py", "g"), {"file": "a.py", "seen": None, "died": died})).lasting


@pytest.mark.parametrize(
    "said", ["", "[]", '{"failed": ""}', '{"failed": "", "files": [{"file": "a.py", "seen": {"dags": 1}}]}']
)
def test_what_is_no_report_is_no_verdict(said: str) -> None:
    assert read(said) is None


def test_a_dag_id_in_two_files_refuses_the_version() -> None:
    verdict = judge(report(file("a.py", "same"), file("b.py", "same")))

    assert (False, "b.py: The dag_id 'same' is also in a.py.") == (verdict.passed, verdict.reason)


def test_a_dag_id_twice_in_one_file_is_noted() -> None:
    verdict = judge(report(file("a.py", "same", twice=["same"])))

    assert verdict.passed
    assert verdict.notes[0].error.startswith("More than one DAG of this file has the dag_id 'same'")


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("KeyError: 'Variable region does not exist'", "Variable 'region'"),
        (
            "airflow.sdk.exceptions.AirflowRuntimeError: VARIABLE_NOT_FOUND: {'message': 'Variable region not found'}",
            "Variable 'region'",
        ),
        (
            "airflow.exceptions.AirflowNotFoundException: The conn_id `warehouse` isn't defined",
            "Connection 'warehouse'",
        ),
    ],
)
def test_a_missing_variable_or_connection_is_noted(said: str, what: str) -> None:
    text = TRACEBACK.replace("ModuleNotFoundError: No module named 'nope'", said)
    verdict = judge(report(file("a.py", errors=[error(text)])))

    assert verdict.passed
    assert (("a.py", f"It reads the {what}, which the check does not have."),) == verdict.notes


def test_nothing_that_is_a_dag_refuses_the_version() -> None:
    assert "There is no DAG in it." == judge(report(file("a.py"))).reason
    assert "There is no DAG in it." == judge(report()).reason


def test_an_airflow_that_does_not_start_refuses_the_version() -> None:
    assert "Airflow itself fails: ModuleNotFoundError" in judge(report(failed=TRACEBACK)).reason


def test_the_number_of_findings_is_bounded_and_all_are_counted() -> None:
    verdict = judge(report(*(file(f"{number}.py", errors=[error(TRACEBACK)]) for number in range(99))))

    assert verdict.reason.endswith("(and 98 more)")
    assert 50 == len(verdict.findings)


def test_a_check_that_ends_without_a_report_is_not_the_last_word(tmp_path: Path) -> None:
    """In a checkout the tester lies elsewhere than in an image."""
    verdict = check(str(tmp_path), environ={}, limit=30)

    assert not verdict.passed
    assert not verdict.lasting
    assert "left no report" in verdict.reason


def test_what_a_file_puts_in_the_place_of_the_report_is_not_waited_for_nor_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text("secret")
    (tmp_path / "link").symlink_to("password")
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    writer = os.open(tmp_path / "pipe", os.O_RDWR)  # else a reader that waits would wait for ever
    os.write(writer, b"x")
    monkeypatch.setattr(imports, "_LARGEST", 3)

    assert [imports._text(str(tmp_path), name) for name in ("pipe", "link", "directory", "none")] == [""] * 4
    assert imports._text(str(tmp_path), "password") == "sec"
    os.close(writer)
