"""Labels that say where DAGs come from."""

import os
from pathlib import Path

import pytest

from dagship.image import revision
from dagship.image.tree import checkout
from tests.builders.repositories import git, hostile_repository

PREFIX = "org.opencontainers.image."


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


def test_a_repository_that_lies_in_the_dags_as_files_is_none_and_has_nothing_run(tmp_path: Path) -> None:
    project, ran = tmp_path / "project", tmp_path / "ran"
    hostile_repository(project / "dags", ran)
    git(project / "dags", "status")
    works = ran.exists()
    ran.unlink()
    alone = revision.labels(project / "dags")
    git(project, "init", "-q")
    git(project, "commit", "-qm", "x", "--allow-empty")
    around = revision.labels(project / "dags")

    assert works
    assert {f"{PREFIX}created"} == set(alone)
    assert {f"{PREFIX}created", f"{PREFIX}revision"} == set(around)
    assert git(project, "rev-parse", "HEAD").strip() == around[f"{PREFIX}revision"]
    assert not ran.exists()


def filtering(place: Path, ran: Path) -> str:
    """Makes a filter, and a file that a commit holds filtered; returns the filter's program."""
    program = place / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\ntr a-z A-Z\n")
    program.chmod(0o755)
    git(place, "init", "-q")
    (place / ".gitattributes").write_text("*.x filter=upper\n")
    (place / "a.x").write_text("text")
    git(place, "-c", f"filter.upper.clean={program}", "add", ".")
    git(place, "commit", "-qm", "x")
    (place / "a.x").write_text("TEXT")
    (place / "a.x").write_text("text")  # another time: git must look into it
    ran.unlink()
    return str(program)


def test_a_filter_that_the_repository_defines_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "at").mkdir()
    program = filtering(tmp_path / "at", tmp_path / "ran")
    git(tmp_path / "at", "config", "filter.upper.clean", program)
    git(tmp_path / "at", "config", "filter.upper.required", "true")

    assert revision.labels(tmp_path / "at")[f"{PREFIX}revision"].endswith("-dirty")
    assert not (tmp_path / "ran").exists()


def test_a_filter_of_the_machine_says_what_a_file_is_in_a_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "at").mkdir()
    program = filtering(tmp_path / "at", tmp_path / "ran")
    (tmp_path / "gitconfig").write_text(f'[filter "upper"]\nclean = "{program}"\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    git(tmp_path / "at", "config", "filter.upper.clean", "false")

    assert git(tmp_path / "at", "rev-parse", "HEAD").strip() == revision.labels(tmp_path / "at")[f"{PREFIX}revision"]
    assert (tmp_path / "ran").exists()


def test_a_worktree_has_the_labels_of_its_commit(tmp_path: Path) -> None:
    (main := tmp_path / "main").mkdir()
    git(main, "init", "-q")
    git(main, "remote", "add", "origin", "https://example.com/a.git")
    git(main, "commit", "-qm", "x", "--allow-empty")
    git(main, "worktree", "add", "-q", "--detach", str(tmp_path / "other"))
    (tmp_path / "other" / "dags").mkdir()

    said = revision.labels(tmp_path / "other" / "dags")

    assert git(main, "rev-parse", "HEAD").strip() == said[f"{PREFIX}revision"]
    assert "https://example.com/a.git" == said[f"{PREFIX}source"]


@pytest.mark.skipif(os.getuid() != 0, reason="gives a directory to another user")
def test_a_checkout_of_another_user_is_asked_nothing_until_it_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (at := tmp_path / "at").mkdir()
    git(at, "init", "-q")
    git(at, "commit", "-qm", "x", "--allow-empty")
    os.chown(at, 1234, 1234)
    before = set(revision.labels(at))
    (tmp_path / "gitconfig").write_text(f"[safe]\ndirectory = {at}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))

    assert {f"{PREFIX}created"} == before
    assert f"{PREFIX}revision" in revision.labels(at)


def test_a_submodule_that_was_changed_is_a_change(tmp_path: Path) -> None:
    (inner := tmp_path / "inner").mkdir()
    git(inner, "init", "-q")
    (inner / "a").write_text("1")
    git(inner, "add", ".")
    git(inner, "commit", "-qm", "x")
    (outer := tmp_path / "outer").mkdir()
    git(outer, "init", "-q")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    git(outer, "commit", "-qm", "x")
    ran, program = tmp_path / "ran", tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    git(outer / "sub", "config", "core.fsmonitor", str(program))
    clean = revision.labels(outer)
    (outer / "sub" / "a").write_text("2")
    edited = revision.labels(outer)
    (outer / "sub" / "a").write_text("1")
    git(outer / "sub", "-c", "core.fsmonitor=false", "commit", "-qm", "y", "--allow-empty")
    another = revision.labels(outer)

    assert not clean[f"{PREFIX}revision"].endswith("-dirty")
    assert edited[f"{PREFIX}revision"].endswith("-dirty")
    assert another[f"{PREFIX}revision"].endswith("-dirty")
    assert not ran.exists()


def test_what_git_tracks_is_known(tmp_path: Path) -> None:
    for name in ("kept", "left", ":odd*"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text("1")
    git(tmp_path, "init", "-q")
    git(tmp_path, "--literal-pathspecs", "add", "kept", ":odd*")

    assert [True, False, True] == [checkout.holds(tmp_path / name) for name in ("kept", "left", ":odd*")]


def test_outside_git_only_the_time_is_said(tmp_path: Path) -> None:
    assert {f"{PREFIX}created"} == set(revision.labels(tmp_path))


def test_the_time_is_that_of_the_source_where_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    assert "2023-11-14T22:13:20Z" == revision.labels(tmp_path)[f"{PREFIX}created"]

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "9" * 20)
    assert not revision.labels(tmp_path)[f"{PREFIX}created"].startswith("9")


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


@pytest.mark.parametrize("path", [".", "../other", "{outside}", "sub/../../other"])
def test_only_what_lies_below_a_checkout_is_asked_as_its_submodule(tmp_path: Path, path: str) -> None:
    for name in ("dags", "other"):
        git(tmp_path, "init", "--quiet", name)
        (tmp_path / name / "a.py").write_text("x = 1\n")
        git(tmp_path / name, "add", "a.py")
        git(tmp_path / name, "commit", "--quiet", "--message=a")
    (tmp_path / "other" / "a.py").write_text("x = 2\n")
    place = path.format(outside=tmp_path / "other")
    (tmp_path / "dags" / ".gitmodules").write_text(f'[submodule "a"]\n\tpath = {place}\n')

    found = checkout.around(tmp_path / "dags")

    assert found is not None
    assert found.changed() is False


def test_what_git_tracks_is_known_of_a_directory_that_is_reached_through_a_link(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "real")
    (tmp_path / "real" / "dags").mkdir()
    (tmp_path / "real" / "dags" / "a.py").write_text("")
    git(tmp_path / "real", "add", "dags")
    (tmp_path / "link").symlink_to("real")

    assert checkout.holds(tmp_path / "link" / "dags")
