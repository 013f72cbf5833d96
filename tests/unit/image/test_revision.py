"""Labels that say where DAGs come from."""

import subprocess
from pathlib import Path

import pytest

from dagship.image import revision

PREFIX = "org.opencontainers.image."


def git(place: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    return subprocess.run(
        ["git", "-C", str(place), *identity, *arguments], check=True, capture_output=True, text=True
    ).stdout


def test_the_commit_is_said_and_whether_it_was_changed(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "x")
    head = git(tmp_path, "rev-parse", "HEAD").strip()
    clean = revision.labels(tmp_path)
    (tmp_path / "a").write_text("2")

    assert head == clean[f"{PREFIX}revision"]
    assert f"{head}-dirty" == revision.labels(tmp_path)[f"{PREFIX}revision"]


def test_outside_git_only_the_time_is_said(tmp_path: Path) -> None:
    assert {f"{PREFIX}created"} == set(revision.labels(tmp_path))


def test_the_time_is_that_of_the_source_where_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    assert "2023-11-14T22:13:20Z" == revision.labels(tmp_path)[f"{PREFIX}created"]


@pytest.mark.parametrize(
    ("remote", "said"),
    [
        ("https://user:token@example.com/a.git", "https://example.com/a.git"),
        ("https://token@example.com/a.git", "https://example.com/a.git"),
        ("https://example.com/a.git", "https://example.com/a.git"),
        ("https://user:p@ss@example.com/a.git", "https://example.com/a.git"),
        ("HTTPS://user:pw@example.com/a.git", "HTTPS://example.com/a.git"),
        ("git@example.com:a/b.git", "git@example.com:a/b.git"),
        ("ssh://git@example.com/a.git", "ssh://example.com/a.git"),
        ("https://example.com/a b\x1b[0m", ""),
        ("", ""),
    ],
)
def test_a_remote_is_said_without_credentials(remote: str, said: str) -> None:
    assert said == revision.without_credentials(remote)
