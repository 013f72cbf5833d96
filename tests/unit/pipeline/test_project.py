"""A project: its `.dagship/`, and whether a commit brought it."""

import io
import os
import subprocess
from pathlib import Path

import pytest

from dagship.image.tree import reader
from dagship.model.artifacts import BuiltBase
from dagship.model.verify_report import VerifyReport
from dagship.pipeline.project import Project
from dagship.settings_sources import load
from dagship.terminal.console import Console
from dagship.workspace import Workspace

BASE = BuiltBase(reference="registry.example/base:1", id="sha256:1", airflow="3.3.2")
REPORT = VerifyReport(
    image="a:1", id="sha256:2", passed=True, airflow="3.3.2", python="3.11.2", files=(), findings=(), seconds=1.0
)


def git(where: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(where), *arguments], check=True)


def project(root: Path) -> tuple[Project, io.StringIO]:
    """The project as another task has it, and what it says."""
    console = Console(stderr=(people := io.StringIO()))
    return Project(root=root, settings=load(root, {}), console=console), people


@pytest.mark.parametrize("name", [".dagship/base.json", ".dagship/cache/rootfs/1/rootfs.tar", ".DAGSHIP/report.json"])
def test_anything_in_dagship_that_git_tracks_is_told_once(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text("x")
    git(tmp_path, "init", "-q")

    def said() -> str:
        task, people = project(tmp_path)
        assert task.workspace is task.workspace
        return people.getvalue()

    assert said() == ""
    git(tmp_path, "add", "--force", name)
    assert 1 == said().count(f"warning: Git tracks {tmp_path}/.dagship: ")


@pytest.mark.parametrize("taken", [1, 2])
def test_nothing_that_a_commit_may_have_brought_says_what_is_tested_or_which_base_is_taken(
    tmp_path: Path, taken: int
) -> None:
    git(tmp_path, "init", "-q")
    for directory in (".dagship", ".dagship-untracked")[:taken]:
        brought = Workspace(tmp_path, name=directory)
        brought.write("base", BASE)
        brought.write("report", REPORT)
        (brought.cache("rootfs") / "rootfs.tar").write_text("x")
        git(tmp_path, "add", "--force", directory)
        brought.write("report", REPORT.model_copy(update={"strict": True}))  # as a commit can make it seem

    def left() -> tuple[object, ...]:
        found = project(tmp_path)[0].workspace
        return found.read("base", BuiltBase), found.read("report", VerifyReport), list(found.cache("rootfs").iterdir())

    assert left() == (None, None, [])
    project(tmp_path)[0].workspace.write("base", BASE)  # what a task leaves goes on to the next
    assert left() == (BASE, None, [])
    (tmp_path / "a.py").write_text("import airflow")
    tree = reader.read(tmp_path, ignore=(), max_file_size=1_000_000)
    assert [one.path for one in tree.files] == ["a.py"]


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away takes root")
def test_a_checkout_that_belongs_to_another_user_tells_as_well(tmp_path: Path) -> None:
    Workspace(tmp_path).write("base", BASE)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "--force", ".dagship")
    for path in (tmp_path, *tmp_path.rglob("*")):
        os.chown(path, 12345, 12345)

    assert project(tmp_path)[0].workspace.read("base", BuiltBase) is None
