"""What of the project is no part of a package in it."""

from pathlib import Path

from dagship import settings_sources
from dagship.pipeline.own_packages import reader
from dagship.pipeline.project import Project
from dagship.terminal.console import Console


def archive(root: Path, **flags: str) -> bytes:
    return reader(Project(root=root, settings=settings_sources.load(root, flags), console=Console()))(".")


def test_a_lock_and_the_dags_are_not_and_what_a_lock_is_made_of_is(tmp_path: Path) -> None:
    for name in ("setup.py", "requirements.txt"):
        (tmp_path / name).write_text("")
    before = archive(tmp_path, requirements="requirements.txt")

    (tmp_path / "requirements.lock.txt").write_text("six")
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags/a.py").write_text("")
    assert archive(tmp_path, requirements="requirements.txt") == before

    (tmp_path / "requirements.txt").write_text("six")
    assert archive(tmp_path, requirements="requirements.txt") != before


def test_the_lock_is_not_whichever_of_the_two_settings_name(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("")
    (tmp_path / "dags.in").write_text("-e .")
    before = archive(tmp_path, requirements="dags.in")

    (tmp_path / "dags.txt").write_text("six")

    assert archive(tmp_path, requirements="dags.in") == before
    assert archive(tmp_path, requirements="dags.txt") == before
