"""Signals that come once, twice, or to whoever asked for them to be ignored: what becomes of programs that were started."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# A task that holds something, as a lease, while a program writes; it says whether that still ran when it let go.
_TASK = """
import os, signal, subprocess, sys, threading
from pathlib import Path
from invoke import Exit
from dagship import process
from dagship.cli import running

ended = threading.Event()
heard = threading.Event()

class Late(subprocess.Popen):  # its start takes until a signal has come
    def __init__(self, *given, **more):
        super().__init__(*given, **more)
        while not Path("pid").exists():
            threading.Event().wait(0.01)
        os.kill(os.getpid(), signal.SIGTERM)
        heard.wait()

if sys.argv[3:] == ["late"]:
    process.subprocess.Popen = Late

def writes():
    try:
        process.run(["sh", "-c", sys.argv[1]])
    finally:
        ended.set()

def act(project):
    try:
        if "beside" in sys.argv:
            threading.Thread(target=writes).start()
            ended.wait()
        else:
            writes()
    finally:
        heard.set()
        ended.wait()
        pid = Path("pid").read_text().strip()
        stat = Path("/proc", pid, "stat")
        Path("released").write_text("while it wrote" if stat.exists() and " Z " not in stat.read_text() else "after it")
    return {}

try:
    running.run(False, {}, act)
except Exit as came:
    sys.exit(came.code)
"""
_DEAF = 'trap "touch asked" TERM; echo $$ >pid.new; mv pid.new pid; while :; do sleep 0.05; done'
_HEARS = "echo $$ >pid.new; mv pid.new pid; exec sleep 600"


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 120  # a busy machine takes its time to start Python
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} did not come"
        threading.Event().wait(0.01)


@contextmanager
def begun(where: Path, *arguments: str, before: str = "") -> Iterator[subprocess.Popen[str]]:
    """The task, whose program runs."""
    (where / "task.py").write_text(_TASK)
    argv = ["sh", "-c", f'{before} exec "$0" "$@"', sys.executable, "task.py", *arguments]
    with subprocess.Popen(argv, cwd=where, stderr=subprocess.PIPE, text=True) as task:
        try:
            wait_for(where / "pid")
            yield task
        finally:
            task.kill()


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_kills_the_program_and_does_not_let_go_before_it_is_gone(
    tmp_path: Path, first: signal.Signals, second: signal.Signals
) -> None:
    with begun(tmp_path, _DEAF) as task:
        task.send_signal(first)
        wait_for(tmp_path / "asked")
        began = time.monotonic()
        task.send_signal(second)
        task.send_signal(second)
        _, said = task.communicate(timeout=120)

    assert task.returncode == 130
    assert (tmp_path / "released").read_text() == "after it"
    assert time.monotonic() - began < 8  # the grace of a program that was asked once is 10
    assert said.startswith("error: Interrupted; ")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_program_that_another_thread_waits_for_ends_as_well(tmp_path: Path, sent: signal.Signals) -> None:
    with begun(tmp_path, _HEARS, "beside") as task:
        task.send_signal(sent)
        task.communicate(timeout=120)

    assert task.returncode == 130
    assert (tmp_path / "released").read_text() == "after it"


def test_a_program_that_a_thread_was_just_starting_ends_as_well(tmp_path: Path) -> None:
    with begun(tmp_path, _HEARS, "beside", "late") as task:
        task.communicate(timeout=120)

    assert task.returncode == 130
    assert (tmp_path / "released").read_text() == "after it"


def test_a_signal_that_was_to_be_ignored_is(tmp_path: Path) -> None:
    """As under nohup."""
    with begun(tmp_path, _HEARS, before='trap "" HUP;') as task:
        task.send_signal(signal.SIGHUP)
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
        task.communicate(timeout=120)

    assert task.returncode == 0
