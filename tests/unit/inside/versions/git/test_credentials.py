"""How git is called: what it may know, what it must not tell, and that nothing of it stays."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dagship.inside.versions import child
from dagship.inside.versions.git import credentials, program
from dagship.inside.versions.git.repository import Failed, Git
from dagship.inside.versions.settings import Settings

SECRET = "hunter2"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    directory = tmp_path / "mounted secret"
    directory.mkdir()
    return directory


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
    caller = program.Program(settings(secret), str(tmp_path / "store"), str(scratch), 0, float("inf"))

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


def test_a_remote_that_never_answers_is_given_up_and_nothing_stays(tmp_path: Path, secret: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"
        asked = settings(secret, f"git://{host}/dags.git")
        git = Git(asked, str(tmp_path / "store"), str(tmp_path), 0, time.monotonic() + 1)

        with pytest.raises(Failed, match=f"{host} did not answer: git did not end within 1 s"):
            git.fetch_tip()

    assert not processes(host)


def test_what_is_under_way_may_outlast_the_patience_for_an_answer(tmp_path: Path, secret: Path) -> None:
    asked = settings(secret, "file:///nowhere")
    over = program.Program(asked, str(tmp_path / "store"), str(tmp_path), 0, time.monotonic() - 1)

    with pytest.raises(Failed, match="did not answer"):
        over.remote("-c", "alias.slowly=!sleep 0.5", "slowly")
    assert over.remote("-c", "alias.slowly=!sleep 0.5", "slowly", patient=True).code == 0


def test_a_program_is_ended_also_where_a_signal_cut_off_the_wait_for_it() -> None:
    """Then the lock of that wait is taken, and stays so."""
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    process._waitpid_lock.acquire()  # type: ignore[attr-defined]

    child._kill(process, "nobody's")

    assert not Path(f"/proc/{process.pid}").exists()


def test_what_a_program_starts_ends_with_it_also_in_a_session_of_its_own(tmp_path: Path) -> None:
    mark = f"1{os.getpid()}.5"
    shell = f"setsid sleep {mark} & env -i setsid sleep {mark} & setsid sh -c 'env -i sleep {mark}; true' & sleep 60"

    with pytest.raises(child.TimeIsUp, match="sh did not end within 1 s"):
        child.run(["sh", "-c", shell], environment=os.environ, limit=1)

    # Only what has neither the environment nor the session of its parents escapes.
    left = processes(f"sleep\0{mark}")
    for pid in left:
        os.kill(pid, 9)
    assert len(left) <= 1


def test_end_all_ends_what_still_runs() -> None:
    sleeper = subprocess.Popen(["sleep", "600"], env={**os.environ, "DAGSHIP_CHILD_OF": f"{os.getpid()}.x"})
    child.end_all()

    assert -9 == sleeper.wait(10)


def test_what_is_older_than_this_process_is_not_its_child_whatever_mark_it_has() -> None:
    """Numbers of processes come again."""
    marked = 'read -r pid; exec env "DAGSHIP_CHILD_OF=$pid.x" sh -c "echo; exec sleep 600"'
    program = "from dagship.inside.versions import child; input(); child.end_all()"
    with subprocess.Popen(["sh", "-c", marked], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as older:
        _, _, began = child._stat(str(older.pid))
        while int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK")) <= began:
            pass  # the kernel's clock for it has 100 ticks a second
        younger = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, text=True)
        assert older.stdin is not None
        assert older.stdout is not None
        older.stdin.write(f"{younger.pid}\n")
        older.stdin.close()
        older.stdout.readline()
        younger.communicate("\n", timeout=20)
        left = older.poll()
        older.kill()

    assert (0, None) == (younger.returncode, left)


def test_a_lock_is_held_until_the_program_has_ended(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        ended = child.run(
            ["sh", "-c", f"readlink /proc/self/fd/{lock.fileno()}"],
            environment=os.environ,
            limit=9,
            holding=(lock.fileno(),),
        )

    assert str(tmp_path / "lock") == ended.out.strip()


def processes(text: str) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (place / "cmdline").read_bytes():
                found.append(int(place.name))
        except OSError:
            continue
    return found
