"""Runs programs: each in a session of its own, with a time limit, and nothing of it left behind."""

import contextlib
import os
import resource
import secrets
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, NamedTuple, Optional

_MARK = "DAGSHIP_CHILD_OF"
MOST = 1_000_000
_ROUNDS = 10


class Ended(NamedTuple):
    """A program that ended by itself: exit status, standard output, standard error."""

    code: int
    out: str
    err: str


class TimeIsUp(Exception):  # noqa: N818 - it is what happened, and no fault of the program that is told
    """The program did not end in time and was killed."""


def run(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    limit: float,
    directory: Optional[str] = None,
    holding: Sequence[int] = (),
    largest: Optional[int] = None,
    most: int = MOST,
) -> Ended:
    """Runs a program to its end; whatever it started is killed then, or when this is interrupted.

    Args:
        argv: Program and arguments; no shell.
        environment: Its whole environment.
        limit: Seconds that it may take.
        directory: Where it runs.
        holding: File descriptors that stay open in it: a lock is held until it ended too.
        largest: Bytes of the largest file that it may write, its output too; it is killed by SIGXFSZ for more.
        most: Characters of its output that are read, from the end.

    Raises:
        TimeIsUp: It was killed.
        OSError: It could not be started.

    """
    mark = f"{os.getpid()}.{secrets.token_hex(8)}"
    # Files and not pipes: what outlives the program may hold a pipe open for ever.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            list(argv),
            env={**environment, _MARK: mark},
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            pass_fds=tuple(holding),
        )
        try:
            if largest is not None:
                with contextlib.suppress(ProcessLookupError):  # it has ended
                    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest, largest))
            code = process.wait(max(0.1, limit))
        except subprocess.TimeoutExpired as late:
            raise TimeIsUp(f"{os.path.basename(argv[0])} did not end within {limit:.0f} s") from late
        finally:
            _kill(process, mark)
        return Ended(code, _read(out, most), _read(err, MOST))


def end_all() -> None:
    """Kills whatever this process has started through `run`: its last act when it is told to end."""
    _kill_family(f"{os.getpid()}.")


def _kill(process: subprocess.Popen[bytes], mark: str) -> None:
    with contextlib.suppress(OSError):  # nobody is left
        os.killpg(process.pid, signal.SIGKILL)
    _kill_family(mark)
    # Not `process.wait`: a signal in the middle of one may have left its lock taken for good.
    if process.returncode is None:
        status = 0
        with contextlib.suppress(ChildProcessError):  # that wait had its status
            _, status = os.waitpid(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)


def _kill_family(mark: str) -> None:
    """Kills every process that inherited the mark, and all in their sessions: a DAG file may start sessions too."""
    entry = f"{_MARK}={mark}".encode()
    theirs: set[int] = set()
    for _ in range(_ROUNDS):  # they may be starting others, which have the mark or at least the session
        family = _family(entry, theirs)
        if not family:
            return
        for pid in family:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue


def _family(entry: bytes, theirs: set[int]) -> set[int]:
    """Who has the mark or is in a session of those that have or had it; adds their sessions."""
    sessions = dict(_sessions())
    marked = {pid for pid in sessions if pid != os.getpid() and _has(pid, entry)}
    theirs.update({sessions[pid] for pid in marked} - {os.getsid(0), 0})
    return {pid for pid, session in sessions.items() if pid in marked or session in theirs} - {os.getpid()}


def _sessions() -> Iterable[tuple[int, int]]:
    """Processes and their sessions; none that is older than this one, which it cannot have started."""
    if not os.path.isdir("/proc/self"):
        return
    _, _, since = _stat("self")
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                state, session, began = _stat(name)
            except (OSError, ValueError):
                continue  # it ended meanwhile
            if state not in (b"Z", b"X") and began >= since:
                yield int(name), session


def _stat(name: str) -> tuple[bytes, int, int]:
    """State, session, and the moment of the start of a process."""
    with open(f"/proc/{name}/stat", "rb") as file:
        state, _, _, session, *more = file.read().rpartition(b")")[2].split()[:20]
    return state, int(session), int(more[-1])


def _has(pid: int, entry: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return b"\0" + entry in b"\0" + file.read()
    except OSError:
        return False  # of another user, or it ended


def _read(file: IO[bytes], most: int) -> str:
    file.seek(max(0, file.seek(0, os.SEEK_END) - most))
    return file.read().decode("utf-8", "replace")
