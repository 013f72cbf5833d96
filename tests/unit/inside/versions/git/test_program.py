"""How git is called, and what ends it."""

import os
import time
from pathlib import Path

import pytest

from dagship.inside.versions.git import program
from dagship.inside.versions.git.repository import Failed
from dagship.inside.versions.settings import Settings

SECRET = "hunter2"


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in git's place that writes down how it was called, and repeats what askpass answers."""
    place = tmp_path / "bin"
    place.mkdir()
    record = tmp_path / "record"
    (place / "git").write_text(
        f'#!/bin/sh\n{{ echo "argv: $*"; env; }} >>{record}\n'
        '"$GIT_ASKPASS" "Password for \'https://git.example.com\': " >&2\necho >&2\nexit 128\n'
    )
    (place / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")
    return record


def test_the_password_is_in_no_argument_no_environment_and_no_message(
    tmp_path: Path, secret: Path, recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://airflow:s3cret@db/airflow")
    (secret / "password").write_text(SECRET + "\n")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    caller = program.Program(
        Settings(url="https://git.example.com/dags.git", credentials=str(secret)),
        str(tmp_path / "store"),
        str(scratch),
        0,
        float("inf"),
    )

    ended = caller.remote("fetch", "--", "https://git.example.com/dags.git")
    text = recorded.read_text()

    assert SECRET in ended.err  # the server repeated it
    assert "git fetch ended with exit status 128: ***." == str(caller.failed("fetch", ended))
    assert SECRET not in text
    assert "s3cret" not in text
    assert "argv: fetch -- https://git.example.com/dags.git\n" in text
    for line in (
        "GIT_TERMINAL_PROMPT=0",
        "GIT_CONFIG_NOSYSTEM=1",
        f"HOME={scratch}",
        "GIT_ALLOW_PROTOCOL=https:http:ssh:git:file",
    ):
        assert line in text.splitlines()


def test_what_is_under_way_may_outlast_the_patience_for_an_answer(tmp_path: Path, secret: Path) -> None:
    asked = Settings(url="file:///nowhere", credentials=str(secret))
    over = program.Program(asked, str(tmp_path / "store"), str(tmp_path), 0, time.monotonic() - 1)

    with pytest.raises(Failed, match="did not answer"):
        over.remote("-c", "alias.slowly=!sleep 0.5", "slowly")
    assert over.remote("-c", "alias.slowly=!sleep 0.5", "slowly", patient=True).code == 0


def test_a_directory_that_went_is_not_called_a_git_that_is_missing(tmp_path: Path) -> None:
    (scratch := tmp_path / "scratch").mkdir()
    caller = program.Program(Settings(url="file:///x"), str(tmp_path / "store"), str(scratch), 0, float("inf"))

    with pytest.raises(FileNotFoundError) as missing:
        caller.local("version", work_tree=str(tmp_path / "gone"))

    assert str(tmp_path / "gone") == missing.value.filename
