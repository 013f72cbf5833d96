"""The process gateway: argument lists, streams, and an end in order."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dagship import process
from dagship.errors import OutsideError


def test_arguments_reach_the_program_as_they_are() -> None:
    finished = process.run([sys.executable, "-c", "import sys; print(sys.argv[1:])", "a b", "$(x)", "`y`; z"])

    assert finished.stdout == "['a b', '$(x)', '`y`; z']\n"


def test_a_failing_status_is_the_callers_to_judge() -> None:
    assert process.run([sys.executable, "-c", "raise SystemExit(3)"]).code == 3


def test_lines_of_standard_error_come_one_by_one() -> None:
    lines: list[str] = []
    finished = process.run([sys.executable, "-c", "import sys; sys.stderr.write('a\\nb\\n')"], on_line=lines.append)

    assert lines == ["a", "b"]
    assert finished.stderr == "a\nb\n"


def test_bytes_that_are_no_text_are_replaced() -> None:
    program = "import sys; sys.stdout.buffer.write(b'\\xff')"

    assert process.run([sys.executable, "-c", program]).stdout == "\N{REPLACEMENT CHARACTER}"


def test_a_missing_program_is_one_sentence() -> None:
    with pytest.raises(OutsideError, match="not installed"):
        process.run(["no-such-program-here"])


def test_an_interrupt_ends_the_child_and_its_children(tmp_path: Path) -> None:
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    parent = (
        "import sys\nfrom dagship import process\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').close()\n"
        f"try: process.run([sys.executable, '-c', {child!r}])\n"
        "except KeyboardInterrupt: print('interrupted')\n"
    )
    running = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while len(descendants(running.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    below = descendants(running.pid)
    os.kill(running.pid, signal.SIGINT)
    output, _ = running.communicate(timeout=20)

    assert len(below) == 2
    assert output == "interrupted\n"
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists() and "Z" not in status(pid)]


def descendants(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(stat.parent.name)
            found += [child, *descendants(child)]
    return found


def status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_what_does_not_end_in_time_is_killed_with_what_it_started() -> None:
    began = time.monotonic()
    finished = process.run([sys.executable, "-c", "import subprocess; subprocess.run(['sleep', '600'])"], limit=0.5)

    assert finished.code == -signal.SIGKILL
    assert time.monotonic() - began < 60
