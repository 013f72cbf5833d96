"""A process that examines DAG files: told the number of one at a time, it answers with what it saw.

What it needs to answer is bound here, before any DAG file was imported: a file that replaces `os.write` or `json.dumps`
changes nothing for it. Its channel is the one thing that it shares with the process that keeps the results.
"""

import contextlib
import faulthandler
import io
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any, Optional

from ..protocol import NUMBER, UNTOLD, line

_exit, _getpid, _read, _write = os._exit, os.getpid, os.read, os.write
_dump, _dump_later = faulthandler.dump_traceback, faulthandler.dump_traceback_later
_print_exc = traceback.print_exc


class Share:
    """The files of one DAG tree, and how they are examined.

    Args:
        paths: The files.
        limits: Seconds that each gets.
        enter: What a process does first.
        examine: What a process does with a path: returns what JSON holds, and whether the process is as it was.
        on_stdin: Whether the process answers on its standard input, as Airflow 3's do.

    """

    def __init__(
        self,
        paths: Sequence[str],
        limits: Sequence[float],
        enter: Callable[[], None],
        examine: Callable[[str], tuple[dict[str, Any], bool]],
        *,
        on_stdin: bool,
    ) -> None:
        self.paths, self.limits, self.enter, self.examine = paths, limits, enter, examine
        self.on_stdin = on_stdin


def live(channel: int, log: int, share: Share) -> None:
    """What the process does; it never returns from here."""
    try:
        _live(channel, log, share)
    except BaseException:  # noqa: BLE001 - the log is the only way out
        _print_exc()
    finally:
        _exit(UNTOLD)


def _live(channel: int, log: int, share: Share) -> None:
    me = _getpid()
    os.setsid()  # so that what a file starts can be killed with it
    os.dup2(log, 1)
    os.dup2(log, 2)
    if share.on_stdin:
        channel = _take_stdin(channel)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True)  # what was said outlives a sudden end
    faulthandler.enable(log)
    _keep_fault_handler()
    _tell_exit(channel, log, me)
    share.enter()
    clean = True
    while clean:
        number = _number(channel)
        if number is None:
            return
        _dump_later(max(0.1, share.limits[number] - 0.5), file=log)
        seen, clean = share.examine(share.paths[number])
        if _getpid() != me:
            return  # the file forked, and this is its child
        _tell(channel, [number, seen, clean])


def _take_stdin(channel: int) -> int:
    """Does what Airflow does: the descriptor outlives a file that closes those from 3 on, and cannot be read from."""
    os.dup2(channel, 0)
    os.close(channel)
    sys.stdin = io.TextIOWrapper(os.fdopen(0, "wb"))
    return 0


def _number(channel: int) -> Optional[int]:
    told = _read(channel, NUMBER.size)
    return int(NUMBER.unpack(told)[0]) if len(told) == NUMBER.size else None


def _tell(channel: int, what: Any) -> None:
    left = memoryview(line(what))
    while left:
        left = left[_write(channel, left) :]


def _keep_fault_handler() -> None:
    """Keeps Airflow 3.1 and later from catching SIGSEGV: in Python that handler returns into the fault, for ever."""
    register = signal.signal

    def kept(number: int, handler: Any) -> Any:
        return None if number == signal.SIGSEGV else register(number, handler)

    signal.signal = kept  # type: ignore[assignment]


def _tell_exit(channel: int, log: int, me: int) -> None:
    """Makes `os._exit` say that it was called, and where: nothing else will."""

    def told(status: int) -> None:
        _dump(log, all_threads=False)
        if _getpid() == me:
            with contextlib.suppress(OSError):
                _tell(channel, "exit")
        _exit(status)

    os._exit = told  # type: ignore[assignment]
