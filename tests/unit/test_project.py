"""A project: its `.dagship/`, and whether a commit brought it."""

import io
import subprocess
from pathlib import Path

import pytest

from dagship.console import Console
from dagship.project import Project
from dagship.settings import load


def git(where: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(where), *arguments], check=True)


@pytest.mark.parametrize("name", ["base.json", "cache/rootfs/1/rootfs.tar", "cache/pytest/1/pytest.py"])
def test_anything_in_dagship_that_git_tracks_is_told_once(tmp_path: Path, name: str) -> None:
    (tmp_path / ".dagship" / name).parent.mkdir(parents=True)
    (tmp_path / ".dagship" / name).write_text("x")
    git(tmp_path, "init", "-q")

    def said() -> str:
        console = Console(stderr=(people := io.StringIO()))
        project = Project(root=tmp_path, settings=load(tmp_path, {}), console=console)
        assert project.workspace is project.workspace
        return people.getvalue()

    assert said() == ""
    git(tmp_path, "add", "--force", ".dagship")
    assert 1 == said().count(f"warning: Git tracks {tmp_path}/.dagship: ")
