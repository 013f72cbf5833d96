"""Reports are written where flags say, and in a CI where that shows them."""

import io
import json
from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.pipeline import reports
from dagship.pipeline.project import Project
from dagship.settings import Settings
from dagship.terminal.console import Console
from tests.builders.release_documents import document, finding, report


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "repository" / "team"
    (root / "src" / "tables").mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    settings = Settings(include=(Path("src/tables"),))
    return Project(root=root, settings=settings, console=Console(stderr=io.StringIO()))


def printed(project: Project) -> str:
    return project.console._rich.file._stream.getvalue()


def test_paths_start_at_the_root_of_the_repository(project: Project) -> None:
    places = reports.places(project, tests="tests/test_own.py")

    assert places.of("sales.py") == "team/dags/sales.py"
    assert places.of("tables/a.sql") == "team/src/tables/a.sql"
    assert places.of("test_own.py::test_x") == "team/tests/test_own.py"
    assert places.of_image == "team/dagship.toml"


def test_each_file_that_is_asked_for_is_written_and_no_other(project: Project) -> None:
    asked = {"html": "out.html", "markdown": "", "sarif": "out.sarif", "code_quality": "cq.json", "junit": "junit.xml"}
    reports.of_test(project, report(finding()), asked)

    assert {path.name for path in project.root.iterdir()} == {"src", "out.html", "out.sarif", "cq.json", "junit.xml"}
    assert json.loads((project.root / "cq.json").read_text())[0]["location"]["path"] == "team/dags/sales.py"
    assert (project.root / "junit.xml").read_text().startswith("<?xml")
    assert printed(project) == ""


def test_a_file_that_cannot_be_written_leaves_nothing(project: Project) -> None:
    for name in ("src", "missing/out.html"):
        with pytest.raises(UsageError, match="cannot be written"):
            reports.of_release(project, document(), {"html": name})
    assert {path.name for path in project.root.iterdir()} == {"src"}


def test_github_gets_annotations_a_summary_and_files_by_itself(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = project.root.parent / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    reports.of_test(project, report(finding()), {"sarif": "out.sarif"})

    assert printed(project).startswith("::error file=team/dags/sales.py,line=3,title=dagship%3A import-error::Module")
    assert summary.read_text().startswith("before\n<!-- dagship test-image ")
    files = {path.name for path in (project.root / ".dagship" / "reports").iterdir()}
    assert files == {"test-image.html", "test-image.md"}


def test_gitlab_gets_code_quality_and_junit_by_itself(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    reports.of_test(project, report(finding()), {})
    reports.of_release(project, document(), {})

    assert sorted(path.name for path in (project.root / ".dagship" / "reports").iterdir()) == [
        "diff.codequality.json", "diff.html", "diff.md", "test-image.codequality.json", "test-image.html",
        "test-image.junit.xml", "test-image.md",
    ]  # fmt: skip
    assert printed(project) == ""


def test_a_summary_that_cannot_be_written_is_no_reason_to_fail(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.root / "missing" / "summary.md"))
    reports.of_release(project, document(), {})

    assert "warning: A report for the CI could not be written" in printed(project)
