"""Has files examined in forked processes, a few at a time, each file with a deadline.

A process goes on to another file only while it can be left as it was found (`verify_trace`); otherwise it ends, and the
next file gets a fresh one, as every file does in the dag-processor. Forking for each of them would cost four times what
importing a plain DAG file does, nearly all of it in copied pages.
"""

import faulthandler
import json
import mmap
import os
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

_SLOT = struct.Struct("=dqq")  # since when, which file (-1: none), how many are done
_LOG_TAIL = 20_000
_exit = os._exit
_REPORT_SECONDS = 0.5


class Pool:
    """Processes that share a queue of files.

    Args:
        paths: The files.
        enter: What a process does first.
        examine: What a process does with a path: returns what JSON holds, and whether the process is as it was.
        limit_of: Returns the seconds that a path gets.
        directory: Where results and output go for a while.
        workers: Processes at a time.

    """

    def __init__(  # noqa: PLR0917 - all of it is needed to start a process
        self,
        paths: Sequence[str],
        enter: Callable[[], None],
        examine: Callable[[str], tuple[dict[str, Any], bool]],
        limit_of: Callable[[str], float],
        directory: str,
        workers: int,
    ) -> None:
        self.paths, self.limit_of, self.directory, self.workers = paths, limit_of, directory, workers
        self.enter, self.examine = enter, examine
        self._outcomes: dict[int, dict[str, Any]] = {}
        self._started = 0
        # The offset is shared by all processes, so that each read takes the next number; and a file never blocks.
        self._queue = os.open(os.path.join(directory, "queue"), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(self._queue, b"".join(struct.pack("=q", number) for number in range(len(paths))))
        os.lseek(self._queue, 0, os.SEEK_SET)

    def run(self, progress: Callable[[int], None]) -> list[dict[str, Any]]:
        """Returns the outcome of each path, in order; `progress` is called with the number of finished ones."""
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        running: list[_Child] = []
        try:
            while True:
                left = len(self.paths) - len(self._outcomes) - sum(child.done for child in running)
                while len(running) < min(self.workers, left):
                    running.append(self._start())
                if not running:
                    break
                signal.sigtimedwait({signal.SIGCHLD}, self._patience(running))
                for child in [child for child in running if child.ended()]:
                    running.remove(child)
                    self._outcomes.update(child.outcomes())
                progress(len(self._outcomes) + sum(child.done for child in running))
        finally:
            for child in running:
                child.kill()
        return [self._outcomes[number] for number in range(len(self.paths))]

    def _start(self) -> "_Child":
        self._started += 1
        child = _Child(self, os.path.join(self.directory, str(self._started)))
        child.pid = os.fork()
        if child.pid == 0:
            try:
                child.live(self._queue)
            except BaseException:  # noqa: BLE001 - the log is the only way out
                traceback.print_exc()
            finally:
                _exit(70)
        return child

    def _patience(self, running: "list[_Child]") -> float:
        return max(0.01, min([_REPORT_SECONDS, *(child.deadline() - time.monotonic() for child in running)]))


class _Child:
    """A process that examines files."""

    def __init__(self, pool: Pool, stem: str) -> None:
        self.pid, self.killed, self.status = 0, False, 0
        self._pool, self._results, self._log = pool, stem + ".jsonl", stem + ".log"
        self._shared = mmap.mmap(-1, _SLOT.size)
        self._set(-1, 0)

    def live(self, queue: int) -> None:
        """What the process does; it never returns from here."""
        me = os.getpid()
        os.setsid()  # so that what a file starts can be killed with it
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # what was said outlives a sudden end
        faulthandler.enable(log)
        _keep_fault_handler()
        _show_exit(log)
        results = os.open(self._results, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._pool.enter()
        done, clean = 0, True
        while clean:
            number = os.read(queue, 8)
            if not number:
                break
            (index,) = struct.unpack("=q", number)
            self._set(index, done)
            os.truncate(self._log, 0)
            faulthandler.dump_traceback_later(max(0.1, self._pool.limit_of(self._pool.paths[index]) - 0.5), file=log)
            seen, clean = self._pool.examine(self._pool.paths[index])
            if os.getpid() != me:
                break  # the file forked, and this is its child
            os.write(results, json.dumps([index, seen], ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            done += 1
            self._set(-1, done)
        _exit(0)

    def _set(self, index: int, done: int) -> None:
        _SLOT.pack_into(self._shared, 0, time.monotonic(), index, done)

    @property
    def done(self) -> int:
        """How many files it has finished."""
        return int(_SLOT.unpack_from(self._shared)[2])

    def deadline(self) -> float:
        """When the time of the file it is at is up."""
        since, index, _ = _SLOT.unpack_from(self._shared)
        return float(since) + (self._pool.limit_of(self._pool.paths[index]) if index >= 0 else 60.0)

    def ended(self) -> bool:
        """Whether the process is over; kills it when its file's time is up."""
        pid, self.status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0 and not self.killed and time.monotonic() >= self.deadline():
            self.killed = True
            self.kill()
        elif pid:
            self.kill()  # what it left behind
        return pid != 0

    def kill(self) -> None:
        """Kills the process and what it started."""
        for end in (os.killpg, os.kill):  # before it has a session of its own, the process alone
            try:
                end(self.pid, signal.SIGKILL)
            except OSError:
                continue
            return

    def outcomes(self) -> dict[int, dict[str, Any]]:
        """Returns what the process left, number of the file to outcome: `seen`, or how it died."""
        outcomes: dict[int, dict[str, Any]] = {}
        try:
            with open(self._results, encoding="utf-8") as file:
                for line in file:
                    number, seen = json.loads(line)
                    outcomes[number] = {"seen": seen}
        except (OSError, ValueError):
            pass  # it died before or while it wrote
        _, index, _ = _SLOT.unpack_from(self._shared)
        if index >= 0 and index not in outcomes:
            outcomes[index] = {"seen": None, "died": self._death(self._pool.limit_of(self._pool.paths[index]))}
        for path in (self._results, self._log):
            if os.path.exists(path):
                os.unlink(path)
        return outcomes

    def _death(self, limit: float) -> dict[str, Any]:
        signalled = os.WIFSIGNALED(self.status)
        return {
            "killed": self.killed,
            "signal": signal.Signals(os.WTERMSIG(self.status)).name if signalled else "",
            "exit": 0 if signalled else os.WEXITSTATUS(self.status),
            "seconds": limit,
            "log": _tail(self._log),
        }


def _keep_fault_handler() -> None:
    """Keeps Airflow 3.1 and later from catching SIGSEGV: in Python that handler returns into the fault, for ever."""
    register = signal.signal

    def kept(number: int, handler: Any) -> Any:
        return None if number == signal.SIGSEGV else register(number, handler)

    signal.signal = kept  # type: ignore[assignment]


def _show_exit(log: int) -> None:
    """Makes `os._exit` say where it was called: nothing else will."""

    def shown(status: int) -> None:
        faulthandler.dump_traceback(log, all_threads=False)
        _exit(status)

    os._exit = shown  # type: ignore[assignment]


def _tail(path: str) -> str:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.path.getsize(path) - _LOG_TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
