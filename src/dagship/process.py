"""The one place that starts processes. Argument lists only, never a shell.

Secrets never travel in arguments: they reach a child as files or in its environment, and neither is logged.
"""

import logging
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from dagship import interrupts
from dagship.errors import OutsideError

log = logging.getLogger(__name__)

_GRACE_SECONDS = 10.0

# Those that run, with the thread that waits for each.
_running: "dict[subprocess.Popen[str], threading.Thread]" = {}


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A process that ended.

    Attributes:
        argv: What was run.
        code: Exit status.
        stdout: Standard output, decoded as UTF-8 with replacement.
        stderr: Standard error, the same.

    """

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
    limit: float | None = None,
) -> Finished:
    """Runs a program to its end and returns what it printed; a failing exit status is the caller's to judge.

    Args:
        argv: Program and arguments.
        env: Variables added to this process's environment.
        on_line: Called with each line of standard error as it comes, from another thread.
        limit: Seconds after which it is killed; it then ended with minus the number of SIGKILL.

    Raises:
        OutsideError: The program is not installed.
        KeyboardInterrupt: Passed on, after the child was ended and waited for.

    """
    log.info("%s", shlex.join(argv))
    errors: list[str] = []
    heard = interrupts.count()
    child = reader = timer = None
    try:
        with interrupts.put_off():  # one that was just started must be known before it can be ended
            child = _start(argv, env)
            _running[child] = threading.current_thread()
            if threading.current_thread() is not threading.main_thread() and interrupts.count() != heard:
                _send(child, signal.SIGTERM)
        reader = threading.Thread(target=_read_lines, args=(child, errors, on_line), daemon=True)
        reader.start()
        if limit is not None:
            timer = threading.Timer(limit, _send, (child, signal.SIGKILL))
            timer.start()
        assert child.stdout is not None  # noqa: S101 - for the type checker; PIPE was asked for
        with child.stdout:
            output = child.stdout.read()
        code = child.wait()
    except BaseException:
        if child is not None:
            with interrupts.put_off():
                _end(child)
        raise
    finally:
        if timer is not None:
            timer.cancel()
        if child is not None:
            del _running[child]
        if reader is not None:
            reader.join(timeout=_GRACE_SECONDS)
    return Finished(argv=tuple(argv), code=code, stdout=output, stderr="".join(errors))


def _start(argv: Sequence[str], env: Mapping[str, str] | None) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, **(env or {})},
            start_new_session=True,  # Ctrl-C reaches this process alone, which then ends the child in order
        )
    except FileNotFoundError as missing:
        raise OutsideError(
            f"The program {argv[0]!r} is not installed.", f"Install {argv[0]} and see that it is in PATH."
        ) from missing


def _read_lines(child: subprocess.Popen[str], into: list[str], on_line: Callable[[str], None] | None) -> None:
    assert child.stderr is not None  # noqa: S101 - as above
    with child.stderr:
        for line in child.stderr:
            into.append(line)
            if on_line is not None:
                on_line(line.rstrip("\n"))


def _end(child: subprocess.Popen[str]) -> None:
    """Ends the child's whole session: asks first, and kills after a grace period."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        _send(child, sign)
        try:
            child.wait(timeout=_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        else:
            return


def _hear(again: bool) -> None:
    """Whoever asks a second time wants no grace; those that other threads wait for are told by nobody else."""
    for child, waits in tuple(_running.items()):
        if again:
            _send(child, signal.SIGKILL)
        elif waits is not threading.main_thread():
            _send(child, signal.SIGTERM)


def _send(child: subprocess.Popen[str], sign: signal.Signals) -> None:
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, sign)


interrupts.tell(_hear)
