"""The report of a test, for people and as JUnit."""

import io
import re
from pathlib import Path
from typing import get_args

from junitparser import Failure, JUnitXml, Skipped

from dagship.model.artifacts import Moved
from dagship.model.verify_report import CheckedFile, CheckedTest, Finding, Kind, VerifyReport
from dagship.terminal.console import Console
from dagship.verify import report

ROOT = "/opt/airflow/dag-versions/3f9c2a71d0b4/dags"
TRACEBACK = f"""\
Traceback (most recent call last):
  File "/usr/lib/airflow/importer.py", line 238, in parse
    loader.exec_module(new_module)
  File "{ROOT}/b.py", line 3, in <module>
    import pandas
ModuleNotFoundError: No module named 'pandas'
"""


def finding(kind: str, file: str = "", **facts: object) -> Finding:
    given = {"severity": "error", "line": 0, "message": f"about {kind}", "traceback": "", "hint": ""}
    return Finding.model_validate({**given, **facts, "kind": kind, "file": file})


def made(*findings: Finding, **facts: object) -> VerifyReport:
    files = (CheckedFile(file="a.py", seconds=0.25, dags=("a", "a2")), CheckedFile(file="b.py", seconds=1.5, dags=()))
    known = {"image": "example.com/airflow:1", "id": "sha256:1", "airflow": "3.3.2", "python": "3.12.4", "seconds": 4.2}
    passed = not any(each.severity == "error" for each in findings)
    return VerifyReport.model_validate({**known, "passed": passed, "files": files, "findings": findings, **facts})


def shown(document: VerifyReport) -> str:
    output = io.StringIO()
    report.show(Console(stderr=output), document)
    return output.getvalue()


def cases(document: VerifyReport) -> dict[tuple[str, str], list[object]]:
    return {(case.classname, case.name): case.result for suite in report.junit(document) for case in suite}


def test_people_see_what_is_wrong_where_and_what_to_do() -> None:
    text = shown(made(finding("import-error", "b.py", line=3, traceback=TRACEBACK, hint="Add pandas.")))

    assert "b.py:3  import-error: about import-error" in text
    assert "→ Add pandas." in text
    assert "verdict   failed in 4.2 s" in text


def test_people_see_the_traceback_from_their_own_file_on() -> None:
    text = shown(made(finding("import-error", "b.py", line=3, traceback=TRACEBACK)))

    assert "import pandas" in text
    assert "importer.py" not in text


def test_people_see_a_good_image_in_a_few_lines() -> None:
    text = shown(made())

    assert "2 in 2 files" in text
    assert "b.py 1.50 s, a.py 0.25 s" in text
    assert "passed in 4.2 s" in text


def test_text_from_the_image_cannot_drive_the_terminal() -> None:
    text = shown(made(finding("import-error", "b.py", message="\x1b[2J[bold]gone", traceback="\x1b]0;title\x07")))

    assert "\x1b" not in text
    assert "[bold]gone" in text


def test_every_dag_file_and_every_check_of_the_image_is_a_test_case() -> None:
    assert set(cases(made())) == {
        ("dags", "a.py"),
        ("dags", "b.py"),
        *(("image", kind) for kind in report.IMAGE_CHECKS),
    }
    assert not any(cases(made()).values())


def test_a_finding_fails_the_case_it_is_about() -> None:
    document = made(finding("import-error", "b.py", traceback=TRACEBACK), finding("pip-check"))
    found = cases(document)

    (failure,) = found["dags", "b.py"]
    assert isinstance(failure, Failure)
    assert (failure.type, failure.message) == ("import-error", "about import-error")
    assert "No module named 'pandas'" in failure.text
    assert found["image", "pip-check"]
    assert not found["dags", "a.py"]


def test_a_warning_fails_its_case_only_when_warnings_fail() -> None:
    warning = finding("deprecation", "helpers.py", severity="warning")

    assert not cases(made(warning))["dags", "helpers.py"]
    assert cases(made(warning, strict=True, passed=False))["dags", "helpers.py"]


def test_the_users_tests_are_cases_too() -> None:
    tests = (
        CheckedTest(name="test_a.py::test_x", outcome="failed", seconds=0.1),
        CheckedTest(name="test_a.py::test_y", outcome="skipped", seconds=0.0),
    )
    found = cases(made(finding("test-failed", "test_a.py::test_x"), tests=tests))

    assert isinstance(found["tests", "test_a.py::test_x"][0], Failure)
    assert isinstance(found["tests", "test_a.py::test_y"][0], Skipped)


def test_junit_is_well_formed_whatever_the_image_says() -> None:
    hostile = "]]> <failure> \x00\x1b\ufffe\ud800 & é"
    text = report.junit_text(made(finding("import-error", "b.py", message=hostile, traceback=hostile)))

    assert text.startswith("<?xml")
    assert JUnitXml.fromstring(text.encode()).failures == 1


def test_the_page_of_findings_has_every_kind_and_no_other() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "findings.md").read_text("utf-8")

    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) == set(get_args(Kind))


def test_the_page_of_findings_shows_a_report_that_is_one() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "findings.md").read_text("utf-8")
    (document,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)

    assert VerifyReport.model_validate_json(document).findings[0].kind == "import-error"


def kept(**facts: object) -> VerifyReport:
    version = "a81e07c455f2"
    old = CheckedFile(file="a.py", seconds=0.5, dags=("a",), version=version)
    broken = finding("import-error", "a.py", line=2, version=version)
    known = made(broken, versions=("3f9c2a71d0b4", version))
    return known.model_copy(update={"files": (*known.files, old), **facts})


def test_people_see_which_version_fails() -> None:
    text = shown(kept())

    assert "a81e07c455f2/a.py:2  import-error: about import-error" in text
    assert "versions  1 earlier too, of which fail: a81e07c455f2" in text
    assert "dags      2 in 2 files" in text
    assert "versions  1 earlier too, all can be imported" in shown(kept(findings=()))


def test_junit_has_the_files_of_each_version_apart() -> None:
    found = cases(kept())

    assert found["dags", "a.py"] == []
    assert [type(result) for result in found["dags of a81e07c455f2", "a.py"]] == [Failure]


def test_an_image_with_one_version_says_nothing_of_versions() -> None:
    assert "versions" not in shown(made(versions=("3f9c2a71d0b4",)))


def test_what_the_baseline_accepts_is_shown_as_such_and_not_as_an_error() -> None:
    kept = finding("import-error", "b.py", line=3, traceback=TRACEBACK, accepted_until="2027-02-28")
    text = shown(made(kept, passed=True, mended=({"file": "a.py", "kind": "cycle", "until": "2027-01-01"},)))

    assert "import pandas" not in text
    assert re.search(r"accepted\s+import-error\s+b\.py:3", text)
    assert re.search(r"errors\s+0\n", text)
    assert "1, the first of them until 2027-02-28" in text
    assert "a.py has no cycle any more; take its entry out of the baseline" in text


def test_junit_skips_what_the_baseline_accepts_and_fails_what_it_does_not() -> None:
    kept = finding("import-error", "b.py", accepted_until="2027-02-28")
    found = cases(made(kept))["dags", "b.py"]
    both = cases(made(kept, finding("slow", "b.py")))["dags", "b.py"]

    assert [(type(one), one.message) for one in found] == [
        (Skipped, "accepted until 2027-02-28 by the baseline: b.py import-error: about import-error")
    ]
    assert [(type(one), one.type) for one in both] == [(Failure, "slow")]


def test_people_and_junit_are_told_what_of_the_base_moved() -> None:
    moved = Moved(name="six", was="1.17.0", now="1.16.0", by="dags.in:1")
    document = made(moved=(moved,))

    assert "six 1.17.0 → 1.16.0, asked for by dags.in:1" in shown(document)
    (suite,) = report.junit(document)
    assert ("moved", str(moved)) in [(each.name, each.value) for each in suite.properties()]
    assert "moved" not in shown(made())


def test_how_many_files_were_imported_is_told_where_not_all_were() -> None:
    some = made()
    others = tuple(file.model_copy(update={"imported": file.file == "a.py"}) for file in some.files)
    left = some.model_copy(update={"files": others})

    assert "imported" not in shown(some)
    assert "1 of 2 files; the others are as in the image that runs" in shown(left)
    assert 'name="files as in the image that runs" value="1"' in report.junit_text(left)
