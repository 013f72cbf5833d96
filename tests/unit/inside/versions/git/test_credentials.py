"""What git is told of a Secret, and whom it believes."""

import os
import subprocess
from pathlib import Path

import pytest

from dagship.inside.versions.git import credentials
from dagship.inside.versions.settings import Settings

SECRET = "hunter2"


def settings(secret: Path, url: str = "https://git.example.com/dags.git") -> Settings:
    return Settings(url=url, credentials=str(secret))


def answer(settings: Settings, scratch: Path, prompt: str) -> subprocess.CompletedProcess[str]:
    environment = credentials.prepare(settings, str(scratch))
    return subprocess.run(
        [environment["GIT_ASKPASS"], prompt], capture_output=True, text=True, env={"PATH": os.defpath}
    )


def test_git_is_told_user_and_password_by_a_program_that_reads_the_mounted_files(tmp_path: Path, secret: Path) -> None:
    (secret / "username").write_text("me\n")
    (secret / "password").write_text(SECRET)
    asked = settings(secret)

    assert "me\n" == answer(asked, tmp_path, "Username for 'https://git.example.com': ").stdout
    assert SECRET == answer(asked, tmp_path, "Password for 'https://me@git.example.com': ").stdout
    assert 0o700 == (tmp_path / "askpass").stat().st_mode & 0o777
    assert SECRET not in (tmp_path / "askpass").read_text()


def test_a_token_needs_no_user(tmp_path: Path, secret: Path) -> None:
    (secret / "password").write_text(SECRET)

    assert "git\n" == answer(settings(secret), tmp_path, "Username for 'https://git.example.com': ").stdout


@pytest.mark.parametrize(
    "prompt",
    [
        "Password for 'https://evil.example.com': ",
        "Password for 'https://git.example.com@evil.example.com': ",
        "Password for 'https://git.example.com.evil': ",
        "Password: ",
    ],
)
def test_another_host_is_told_nothing(tmp_path: Path, secret: Path, prompt: str) -> None:
    (secret / "password").write_text(SECRET)
    ended = answer(settings(secret), tmp_path, prompt)

    assert (1, "") == (ended.returncode, ended.stdout)


def test_ssh_gets_a_copy_of_the_key_that_nobody_else_may_read(tmp_path: Path, secret: Path) -> None:
    (secret / "ssh-privatekey").write_text("KEY")  # without a last line's end, which ssh would not read
    (secret / "known_hosts").write_text("git.example.com ssh-ed25519 AAAA\n")
    command = credentials.prepare(settings(secret, "git@git.example.com:dags.git"), str(tmp_path))["GIT_SSH_COMMAND"]

    assert "KEY\n" == (tmp_path / "key").read_text()
    assert 0o600 == (tmp_path / "key").stat().st_mode & 0o777
    for option in (
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        f"UserKnownHostsFile={tmp_path}/known_hosts",
        "IdentitiesOnly=yes",
    ):
        assert f"-o {option}" in command


def test_a_host_is_believed_at_first_sight_only_without_known_hosts(secret: Path) -> None:
    by_ssh, by_https = settings(secret, "git@git.example.com:dags.git"), settings(secret)

    assert (True, False) == (credentials.accepts_new_hosts(by_ssh), credentials.accepts_new_hosts(by_https))
    (secret / "known_hosts").write_text("x")
    assert not credentials.accepts_new_hosts(by_ssh)
