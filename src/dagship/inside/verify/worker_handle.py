"""Handle of a process that examines files (`importer.worker`): gives files out to it and keeps its answers."""

import contextlib
import json
import os
import selectors
import signal
import socket
import time
from typing import Any, NamedTuple, Optional

from .protocol import NUMBER, UNTOLD
from .stem_handle import Stem

_LOG_TAIL = 20_000
_LONGEST_ANSWER = 64 * 1024 * 1024
_PIECE = 1024 * 1024


class Answer(NamedTuple):
    """What a process saw of a file, and whether it can take another."""

    number: int
    seen: dict[str, Any]
    clean: bool


class Worker:
    """Such a process.

    Args:
        selector: What waits for it; it registers itself with what it is as data.
        alone: Whether no other may run beside it.

    """

    def __init__(self, selector: selectors.BaseSelector, *, alone: bool) -> None:
        self.alone = alone
        self.pid, self.status, self.killed, self.open = 0, 0, False, True
        self.number: Optional[int] = None
        self.had: list[int] = []
        self.deadline = 0.0
        self._limit = 0.0
        self._told_exit = False
        self._heard, self._said, self._cut = bytearray(), b"", False
        self._selector = selector
        self._channel, self._theirs = socket.socketpair()
        self._log, self._their_log = os.pipe()
        os.set_blocking(self._channel.fileno(), False)
        os.set_blocking(self._log, False)
        selector.register(self._channel, selectors.EVENT_READ, self)
        selector.register(self._log, selectors.EVENT_READ, self)

    def fork(self, stem: Stem, share: int) -> int:
        """Has the process forked, and returns the number that the stem knows it by."""
        serial: int = stem.fork(share, self._theirs.fileno(), self._their_log)
        self._theirs.close()
        os.close(self._their_log)
        return serial

    def give(self, number: int, limit: float) -> None:
        """Gives it a file."""
        self.had.append(number)
        self.number, self._limit, self.deadline = number, limit, time.monotonic() + limit
        self._said, self._cut = b"", False
        self._send(NUMBER.pack(number))

    def dismiss(self, limit: float) -> None:
        """Gives it nothing more: it ends."""
        self.deadline = time.monotonic() + limit
        with contextlib.suppress(OSError):  # it has ended
            self._channel.shutdown(socket.SHUT_WR)

    def hear(self) -> Optional[Answer]:
        """Takes what it has said, and returns its answer on the file that it has; None when that is not there."""
        said = self._said + self._piece(self._log)
        self._cut = self._cut or len(said) > _LOG_TAIL
        self._said = said[-_LOG_TAIL:]
        self._heard += self._piece(self._channel)
        if len(self._heard) > _LONGEST_ANSWER:
            self._heard.clear()
            self.kill()
        *lines, self._heard = self._heard.split(b"\n")
        # A file can say here what it likes, of itself.
        answers = [answer for answer in map(self._read, lines) if answer is not None]
        if not answers:
            return None
        self.number = None
        return answers[0]

    def death(self) -> dict[str, Any]:
        """Returns how it ended: without an answer on its file."""
        signalled = os.WIFSIGNALED(self.status)
        code = 0 if signalled else os.WEXITSTATUS(self.status)
        return {
            "killed": self.killed,
            "signal": _name(os.WTERMSIG(self.status)) if signalled else "",
            "exit": code,
            "lost": code == UNTOLD and not self._told_exit,
            "seconds": self._limit,
            "log": ("…" if self._cut else "") + self._said.decode("utf-8", "ignore"),
        }

    def kill(self) -> None:
        """Kills it and what it started."""
        for end in (os.killpg, os.kill):  # before it has a session of its own, the process alone
            try:
                if self.pid > 1:
                    end(self.pid, signal.SIGKILL)
            except OSError:
                continue
            return

    def close(self) -> None:
        """Hears nothing more of it."""
        self.open = False
        for source in (self._channel, self._log):
            self._forget(source)
        self._channel.close()
        os.close(self._log)

    def _read(self, line: bytearray) -> Optional[Answer]:
        try:
            said = json.loads(line)
            if said == "exit":
                self._told_exit = True
                return None
            number, seen, clean = said
            json.dumps(seen)  # a newer Python reads what is deeper than it writes
        except (ValueError, TypeError, RecursionError):
            return None
        fits = number == self.number and self.number is not None and isinstance(seen, dict)
        return Answer(number, seen, clean is True) if fits else None

    def _piece(self, source: Any) -> bytes:
        try:
            piece = os.read(source if isinstance(source, int) else source.fileno(), _PIECE)
        except BlockingIOError:
            return b""
        except OSError:
            piece = b""
        if not piece:
            self._forget(source)
        return piece

    def _forget(self, source: Any) -> None:
        with contextlib.suppress(KeyError, ValueError):  # it was at its end before
            self._selector.unregister(source)

    def _send(self, what: bytes) -> None:
        with contextlib.suppress(OSError):  # it has ended, which is heard of
            self._channel.send(what)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal %d" % number  # one of the many that have no name
