"""Handle of the process that Airflow is imported in (`importer.stem`): starts it, has it fork, listens, ends it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from .protocol import ORDER

_ROUNDS = 3
_MOST = 256 * 1024 * 1024


class Ended(Exception):  # noqa: N818 - it is what happened
    """The process ended before it said anything; `status` is its exit status, as a shell would show it."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Stem:
    """That process.

    Args:
        argv: Program and arguments; the number of its descriptor is added.
        output: Where its standard output and standard error go.
        user: The user that it runs as, None for this one.
        environment: What it has in its environment besides.

    """

    def __init__(
        self,
        argv: Sequence[str],
        output: int,
        user: Optional[int] = None,
        environment: Optional[Mapping[str, str]] = None,
    ) -> None:
        self._argv, self._output, self._user = argv, output, user
        self._environment = {**os.environ, **(environment or {})}
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._control: Any = None
        self._heard = b""
        self._begun = False
        self._forked = 0

    def start(self) -> dict[str, Any]:
        """Starts it, again if need be, and returns what it says.

        Raises:
            Ended: It ended instead.

        """
        if not self._begun:
            self.begin()
        self._begun = False
        while True:
            said = self.heard()
            if said is None:
                status = self._process.wait() if self._process else 0
                raise Ended(status if status >= 0 else 128 - status)
            if said:
                document: dict[str, Any] = said[0]
                return document

    def begin(self) -> None:
        """Starts it and does not wait: `start` then does that alone."""
        self.stop()
        self._begun = True
        self._control, theirs = socket.socketpair()
        as_user: dict[str, Any] = {} if self._user is None else as_other(self._user)
        with theirs:
            self._process = subprocess.Popen(
                [*self._argv, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                pass_fds=[theirs.fileno()],
                env=self._environment,
                **as_user,
            )

    def fileno(self) -> int:
        """The descriptor that can be read when it has something to say."""
        return int(self._control.fileno())

    def fork(self, share: int, channel: int, log: int) -> int:
        """Has it fork a process that examines the files of a share; returns the number of that process."""
        self._forked += 1
        with contextlib.suppress(OSError):  # it is gone, which is heard of
            socket.send_fds(self._control, [ORDER.pack(share, self._forked)], [channel, log])
        return self._forked

    def heard(self) -> "Optional[list[dict[str, Any]]]":
        """Waits for what it says, and returns it: `serial` and `pid` or `status`; None when it is gone."""
        try:
            piece = self._control.recv(1 << 20)
        except OSError:
            return None
        self._heard += piece
        if not piece or len(self._heard) > _MOST:
            return None
        *lines, self._heard = self._heard.split(b"\n")
        try:
            return [json.loads(line) for line in lines]
        except (ValueError, RecursionError):
            return None

    def stop(self) -> None:
        """Ends it, and all that its user has started if that is another one."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._control.close()
            if self._user is not None:
                _sweep(self._user)
        self._process, self._heard, self._begun = None, b"", False


def _sweep(user: int) -> None:
    """Ends every process of a user, by one of that user, who can reach no other."""
    for _ in range(_ROUNDS):  # who forks fast may get away from one
        pid = os.fork()
        if pid == 0:
            try:
                os.setuid(user)
                os.kill(-1, signal.SIGKILL)
            finally:
                os._exit(0)
        os.waitpid(pid, 0)


def as_other(user: int) -> dict[str, Any]:
    """Returns what makes a child another user's, who has no right beyond it."""
    return {"user": user, "group": 0, "extra_groups": []}
