"""The version id of a DAG tree: what enters it."""

import os
from pathlib import Path

import pytest

from tests.builders.dag_directory import DAG, read


def test_files_are_sorted_and_relative(dags: Path) -> None:
    assert [file.path for file in read(dags).files] == ["a.py", "helpers/b.py"]


def test_the_version_id_is_that_of_the_documented_rule(dags: Path) -> None:
    # docs/reference/image.md gives the rule; this is it by hand.
    import hashlib

    expected = hashlib.sha256(b"a.py\0-\x0024\0" + DAG.encode() + b"helpers/b.py\0-\x006\0x = 1\n").hexdigest()[:12]

    assert expected == read(dags).version


def test_place_and_time_do_not_enter_the_version(dags: Path, tmp_path: Path) -> None:
    before = read(dags).version
    os.utime(dags / "a.py", (1, 1))
    moved = dags.rename(tmp_path / "elsewhere")

    assert before == read(moved).version


@pytest.mark.parametrize("change", ["content", "name", "executable", "more"])
def test_every_change_of_the_tree_changes_the_version(dags: Path, change: str) -> None:
    before = read(dags).version
    match change:
        case "content":
            (dags / "a.py").write_text(DAG + "#\n")
        case "name":
            (dags / "a.py").rename(dags / "c.py")
        case "executable":
            (dags / "a.py").chmod(0o755)
        case _:
            (dags / "empty").write_text("")

    assert before != read(dags).version


def test_a_worktrees_file_that_names_its_history_does_not_enter_the_version(dags: Path) -> None:
    before = read(dags).version
    (dags / ".git").write_text("gitdir: /somewhere/.git/worktrees/one\n")

    assert before == read(dags).version
