"""The sync as a process: how it ends, and what it says last."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.inside.versions.repositories import Place, Repository

COMMAND = [sys.executable, "-m", "dagship.inside.versions.sync"]


def environment(root: Path, **settings: str) -> dict[str, str]:
    given = {f"DAGSHIP_SYNC_{name}": value for name, value in settings.items()}
    return {**os.environ, "DAGSHIP_SYNC_ROOT": str(root), "PYTHONDONTWRITEBYTECODE": "1", **given}


def run(root: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env=environment(root, **settings), capture_output=True, text=True, timeout=60
    )


def test_a_wrong_setting_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    ended = run(tmp_path, "--once", URL="https://x/y", BRANCH="--upload-pack=evil")

    assert (2, 1) == (ended.returncode, len(ended.stderr.splitlines()))
    assert "which git does not allow as a name." in ended.stderr


def test_a_volume_that_cannot_be_there_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = run(tmp_path / "file", URL="https://x/y")

    assert (2, f"The volume {tmp_path}/file cannot be used: File exists.\n") == (ended.returncode, ended.stderr)


def test_once_ends_with_the_cause_when_its_patience_does(tmp_path: Path) -> None:
    ended = run(tmp_path / "versions", "--once", "--patience", "1", URL=f"file://{tmp_path}/nowhere.git")

    assert 1 == ended.returncode
    assert ended.stderr.splitlines()[-1].startswith("No version could be published within 1 s: git fetch from file://")
    assert "unreachable" == json.loads((tmp_path / "versions" / "status.json").read_text())["state"]


def test_once_is_content_with_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "abc").mkdir()
    (tmp_path / "CURRENT").write_text("abc\n")

    assert 0 == run(tmp_path, "--once", URL=f"file://{tmp_path}/nowhere.git").returncode


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_when_told_to_and_takes_git_along(tmp_path: Path, number: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        host = f"127.0.0.1:{server.getsockname()[1]}"
        process = subprocess.Popen(COMMAND, env=environment(tmp_path, URL=f"git://{host}/x"), stderr=subprocess.PIPE)
        connection, _ = server.accept()  # git is at work
        process.send_signal(number)
        began = time.monotonic()

        assert 0 == process.wait(10)
        assert time.monotonic() - began < 3
        connection.settimeout(5)
        while connection.recv(1000):  # until git's end of it is closed
            pass
        connection.close()
        assert process.stderr is not None
        process.stderr.close()


def test_a_second_sync_of_a_volume_waits_and_says_so(tmp_path: Path) -> None:
    with (tmp_path / ".sync.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            COMMAND, env=environment(tmp_path, URL=f"file://{tmp_path}/x"), stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        said = process.stderr.readline()
        waiting = process.poll() is None
        process.terminate()
        process.communicate(timeout=10)

    assert f"another sync works on {tmp_path}; this one waits until it has ended" in said
    assert waiting
    assert not (tmp_path / "status.json").exists()


def test_a_sync_killed_in_the_middle_of_a_checkout_leaves_nothing_for_the_next(tmp_path: Path) -> None:
    """The killed one has written files, and has not come to the end: the last file of the commit is a pipe of ours."""
    repository = Repository(tmp_path)
    commit = repository.commit(**{f"f{number}_py": "x" for number in range(50)})
    place = Place(tmp_path, repository)
    program = (
        "import sys, os\n"
        "from pathlib import Path\n"
        "from dagship.inside.versions import store\n"
        "def stop(directory):\n"
        "    print(len(list(Path(directory, 'dags').iterdir())), flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "store._settle = stop\n"
        "from tests.unit.inside.versions.repositories import Place, Repository\n"
        "place = Place.__new__(Place)\n"
        "from dagship.inside.versions import sync, settings\n"
        "sync.main([], os.environ)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program], env=environment(place.root, URL=repository.url), capture_output=True, text=True
    )
    left = [path.name for path in place.root.iterdir() if path.name.endswith(".partial")]
    place.sync().look()

    assert (-9, "50\n", [f".{commit}.partial"]) == (killed.returncode, killed.stdout, left)
    assert commit == place.current
    assert not list(place.root.glob(".*.partial"))


def test_status_is_printed_or_there_is_none_yet(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dagship.inside.versions.status"]
    none = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True)
    (tmp_path / "status.json").write_text('{"schema": 1}\n')
    some = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True)

    assert (1, "There is no status yet: No such file or directory.\n") == (none.returncode, none.stderr)
    assert (0, '{"schema": 1}\n') == (some.returncode, some.stdout)
