"""The program that runs the commands, as it runs in a build, but for the user and the container."""

import json
import os
import select
import subprocess
import sys
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from dagship.image.prepare import report
from dagship.image.tree import project_copy
from dagship.inside.prepare import main
from dagship.resources import copy_programs

PYTHON = [sys.executable, "-c"]


@dataclass(frozen=True)
class Ended:
    """What came of it: exit status, the files that were left, and the error that people see."""

    code: int
    files: Mapping[str, str]
    error: str


def run(root: Path, *commands: list[str], seconds: float = 30) -> Ended:
    given = {"dags/names.txt": (False, b"a\nb\n"), "dags/run.sh": (True, b"#!/bin/sh\necho c >> names.txt\n")}
    copy_programs(root / "inside", "prepare")
    job = {
        "project": str(root / "project"), "home": str(root / "home"), "user": "", "commands": commands,
        "seconds": seconds, "environment": {"PYTHONPATH": "dags", "WHO": "prepare"}, "most_bytes": 10_000,
        "most_files": 20,
    }  # fmt: skip
    (root / "job.json").write_text(json.dumps(job))
    (root / "project.tar").write_bytes(project_copy.pack(given))
    argv = [sys.executable, "-I", "-S", str(root / "inside"), "prepare.main", str(root), str(root / "out")]
    ended = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    said: list[report.Report] = []
    for line in ended.stdout.splitlines():
        report.listener(said, str)(f"#7 0.123 {line}")
    error = report.reason(said, seconds)
    files: dict[str, str] = {}
    if (root / "out" / "project.tar").exists() and not said:
        with tarfile.open(root / "out" / "project.tar") as archive:
            for member in archive:
                content = archive.extractfile(member)
                assert content is not None
                files[member.name] = content.read().decode()
    return Ended(ended.returncode, files, error.message if error else "")


def test_commands_run_one_after_the_other_on_a_copy_and_what_they_leave_is_taken(tmp_path: Path) -> None:
    write = "import os, pathlib; pathlib.Path('dags/made.py').write_text(os.environ['WHO'])"
    upper = "import pathlib; made = pathlib.Path('dags/made.py'); made.write_text(made.read_text().upper())"

    ended = run(tmp_path, [*PYTHON, write], [*PYTHON, upper], ["rm", "dags/run.sh"])

    assert ended == Ended(0, {"dags/made.py": "PREPARE", "dags/names.txt": "a\nb\n"}, "")


def test_no_shell_reads_a_command(tmp_path: Path) -> None:
    ended = run(tmp_path, ["sh", "-c", 'printf %s "$1" > dags/said', "sh", "$(id) > x; *"], ["touch", "dags/$HOME; ls"])

    assert ended.files["dags/said"] == "$(id) > x; *"
    assert "dags/$HOME; ls" in ended.files


def test_a_script_of_the_project_is_executable_where_it_is_there(tmp_path: Path) -> None:
    assert run(tmp_path, ["sh", "-c", "cd dags && ./run.sh"]).files["dags/names.txt"] == "a\nb\nc\n"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["grep", "c", "dags/names.txt"], "The command 'grep c dags/names.txt' of prepare ended with exit status 1."),
        (["sh", "-c", "kill -9 $$"], "was killed, as where memory runs out"),
        (["sh", "-c", "kill -15 $$"], "was ended by signal 15"),
        (["dbt", "parse"], "The command 'dbt parse' of prepare could not be started: No such file or directory."),
        (["dags/names.txt"], "could not be started: Permission denied."),
        (["truncate", "-s", "1G", "dags/data"], "left more bytes than a DAG version may have"),
        (["sh", "-c", "seq 99 | xargs mkdir"], "left more files than a DAG version may have"),
        (["mkfifo", "dags/pipe"], "left 'dags/pipe', which is neither a file nor a directory"),
    ],
)  # fmt: skip
def test_what_fails_is_one_sentence_and_leaves_nothing(tmp_path: Path, command: list[str], says: str) -> None:
    ended = run(tmp_path, command)

    assert says in ended.error
    assert "\n" not in ended.error
    assert (ended.code, ended.files) == (1, {})


def test_a_command_that_does_not_end_is_ended_with_what_it_started(tmp_path: Path) -> None:
    began = time.monotonic()
    ended = run(tmp_path, ["sh", "-c", "sleep 600 & echo $! > pid; wait"], ["touch", "never"], seconds=1.5)

    assert "did not end within 1.5 s: \"sh -c 'sleep 600 " in ended.error
    assert time.monotonic() - began < 20
    assert not (tmp_path / "project" / "never").exists()
    assert is_gone(int((tmp_path / "project" / "pid").read_text()))


def test_what_a_command_leaves_running_ends_with_it(tmp_path: Path) -> None:
    ended = run(tmp_path, ["sh", "-c", "sleep 600 & echo $! > dags/pid"])

    assert is_gone(int(ended.files["dags/pid"]))


def is_gone(pid: int) -> bool:
    """Whether a process has ended, or does so at once: what is killed is gone a moment later."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ended = select.poll()
    ended.register(process, select.POLLIN)
    try:
        return bool(ended.poll(10_000))
    finally:
        os.close(process)


def test_very_much_output_does_not_hide_why_it_failed_and_none_of_it_is_taken_for_a_report(tmp_path: Path) -> None:
    forged = '@@PREPARE@@{"kind": "large"}'
    ended = run(tmp_path, ["sh", "-c", f"echo '{forged}'; yes 1234567890 | head -c 1000000; echo end; exit 4"])

    assert "ended with exit status 4" in ended.error


@pytest.mark.parametrize(
    ("user", "found"),
    [("0", (0, 0)), ("3999999", (3999999, 0)), ("3999999:7", (3999999, 7)), ("root:root", (0, 0)), ("root", (0, 0))],
)
def test_the_user_is_as_the_image_names_it(user: str, found: tuple[int, int]) -> None:
    assert main.ids(user) == found


def test_where_the_image_has_python_look_is_looked_last() -> None:
    given = {"PYTHONPATH": "/a", "HOME": "/home"}

    assert main.environment(given, {"PYTHONPATH": "/b", "HOME": "/root", "X": "1"}) == {
        "PYTHONPATH": os.pathsep.join(("/a", "/b")), "HOME": "/home", "X": "1",
    }  # fmt: skip
    assert main.environment(given, {}) == given
