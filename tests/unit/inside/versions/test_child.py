"""Programs that a process starts, and their end."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dagship.inside.versions import child
from tests.unit.inside.versions.processes import processes


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
