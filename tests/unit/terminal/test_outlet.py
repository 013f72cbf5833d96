"""Output that nobody takes: real pipes whose reader is gone, a full device, and streams that were closed at first."""

import json
import os
import select
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dagship.terminal.outlet import Outlet

# A task whose work is to say a lot, and to leave a file when it is done.
_TASK = """
import sys
from pathlib import Path
from invoke import Exit
from dagship.cli import running

def act(project):
    with project.console.step("Working") as step, project.console.board("Moving") as board:
        for number in range(1000):
            project.console.say("line " * 20)
            board.row("statefulset/worker", number, 1000, "waiting")
    Path("done").touch()
    return {"passed": sys.argv[1] == "passed", "text": "x" * 100_000}

try:
    running.run("--json" in sys.argv, {}, act)
except Exit as ended:
    sys.exit(ended.code)
"""


def shell(
    where: Path, redirected: str, *, passed: bool = True, flags: str = "--json"
) -> "subprocess.CompletedProcess[str]":
    """Runs the task with its streams redirected by a shell; the status is the task's own."""
    (where / "task.py").write_text(_TASK)
    line = f'"$0" task.py {"passed" if passed else "failed"} {flags} {redirected}'
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}", sys.executable], cwd=where, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    "redirected",
    [
        pytest.param("2>&1 >/dev/null | true", id="nobody reads what is for people"),
        pytest.param("2>/dev/full", id="the log is full"),
        pytest.param("2>&-", id="there is no standard error"),
        pytest.param("| true", id="nobody reads the document"),
        pytest.param("2>&1 | true", id="nobody reads either"),
        pytest.param("<&- 2>&-", id="there is no standard input"),
    ],
)
def test_a_task_goes_on_without_a_reader_and_its_status_says_what_happened(tmp_path: Path, redirected: str) -> None:
    said = shell(tmp_path, redirected)

    assert (tmp_path / "done").exists()
    assert said.returncode == 0, said.stderr
    assert "Traceback" not in said.stderr
    assert "Exception ignored" not in said.stderr


def test_a_document_that_cannot_be_written_is_the_machines_fault_and_told(tmp_path: Path) -> None:
    said = shell(tmp_path, ">/dev/full")

    assert (tmp_path / "done").exists()
    assert said.returncode == 3
    assert "error: The task did what it was to do; its document could not be written to standard output: No space" in (
        said.stderr
    )
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize("redirected", [">/dev/full", "2>&1 | true"])
def test_a_task_that_failed_keeps_its_status_where_nobody_can_be_told(tmp_path: Path, redirected: str) -> None:
    assert shell(tmp_path, redirected, passed=False).returncode == 1


def test_a_document_for_a_closed_standard_output_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    said = shell(tmp_path, ">&-")

    assert said.returncode == 2
    assert "--json has nowhere to go: standard output is closed." in said.stderr
    assert not (tmp_path / "done").exists()
    assert shell(tmp_path, ">&-", flags="").returncode == 0


@pytest.mark.parametrize("redirected", ["| true", ">/dev/full", ">&-", "2>/dev/full", "2>&-"])
def test_a_list_that_is_cut_off_is_no_traceback(tmp_path: Path, redirected: str) -> None:
    line = f'"$0" -m dagship.cli --list {redirected}'
    said = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}", sys.executable], cwd=tmp_path, capture_output=True, text=True
    )

    assert (0, "") == (said.returncode, said.stderr)


def test_a_wrong_call_keeps_its_status_where_nobody_can_be_told(tmp_path: Path) -> None:
    line = '"$0" -m dagship.cli build --no-such-flag 2>/dev/full'

    assert 2 == subprocess.run(["bash", "-c", line, sys.executable], cwd=tmp_path).returncode


def test_what_is_opened_later_does_not_take_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    program = (
        "import os\nfrom dagship.terminal.outlet import keep_descriptors\nkeep_descriptors()\n"
        "with open('data', 'w') as data: os.write(2, b'said'); print(data.fileno() > 2, file=data)\n"
    )
    subprocess.run(["bash", "-c", '"$0" -c "$1" 0<&- 1>&- 2>&-', sys.executable, program], cwd=tmp_path, check=True)

    assert "True\n" == (tmp_path / "data").read_text()


def test_an_outlet_writes_what_its_stream_takes(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as stream:
        outlet = Outlet.of(Outlet(stream))
        outlet.write(json.dumps({"a": 1}))
        outlet.flush()

        assert (path.read_text(), outlet.failed, outlet.isatty()) == ('{"a": 1}', None, False)
    outlet.write("more")

    assert isinstance(outlet.failed, ValueError)


def test_a_terminal_that_was_closed_is_none_any_more() -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as stream:
        outlet = Outlet(stream)
        assert outlet.isatty()
        os.close(ours)
        outlet.write("text")
        outlet.flush()

        assert not outlet.isatty()


def test_a_pipe_that_does_not_wait_loses_nothing() -> None:
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    text = "line äöü\n" * 100_000

    def take() -> str:
        while outlet.failed is None and select.select([], [theirs], [], 0)[1]:
            pass  # nothing is read until the pipe is full
        with os.fdopen(ours) as reader:
            return reader.read()

    with ThreadPoolExecutor(1) as other:
        with os.fdopen(theirs, "w", encoding="utf-8") as stream:
            outlet = Outlet(stream)
            taken = other.submit(take)
            outlet.write(text)
            outlet.write("the end")
            outlet.flush()
        assert outlet.failed is None
        assert f"{text}the end" == taken.result()


def test_a_reader_that_takes_nothing_is_taken_for_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dagship.terminal.outlet._PATIENCE", 0.01)
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with os.fdopen(ours), os.fdopen(theirs, "w") as stream:
        outlet = Outlet(stream)
        outlet.write("line\n" * 100_000)

        assert isinstance(outlet.failed, BlockingIOError)
