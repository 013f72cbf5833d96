"""The sync as a program: `python -m dagship_versions.sync`, or with `--once` for an init container.

Everything it is told comes from the environment (docs/explanation/git-delivery.md).
"""

import argparse
import contextlib
import functools
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import NoReturn

from . import airflow_env, child, runs, store
from .check import imports
from .settings import Settings, WrongSettings, read
from .syncer import Sync
from .text import say, unusable

SOLE = ".sync.lock"
_FOREVER = float("inf")
_RETRY_SECONDS = 5.0


class _Ended(BaseException):
    """The process was told to end."""


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Runs the sync and returns its exit status."""
    parser = argparse.ArgumentParser(prog="dagship_versions.sync", description="Keeps DAG versions at what git has.")
    parser.add_argument("--once", action="store_true", help="end as soon as some version is current")
    parser.add_argument("--patience", type=float, default=60.0, metavar="SECONDS", help="time that --once tries for")
    options = parser.parse_args(argv)
    try:
        settings = read(environ)
    except WrongSettings as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    os.umask(0o022)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    scratch = ""
    try:
        os.makedirs(settings.root, exist_ok=True)
        scratch = tempfile.mkdtemp(prefix="dagship-sync-")
        sync = make(settings, environ, scratch)
        return once(settings, sync, options.patience) if options.once else run(settings, sync)
    except OSError as broken:
        sys.stderr.write(f"{unusable(broken, f'The volume {settings.root}', settings.root)}\n")
        return 2
    except _Ended:
        return 1 if options.once and not store.current(settings.root) else 0
    finally:
        child.end_all()
        shutil.rmtree(scratch or os.devnull, ignore_errors=True)


def make(settings: Settings, environ: Mapping[str, str], scratch: str) -> Sync:
    """Returns the sync with Airflow's own check and database."""
    return Sync(
        settings,
        scratch=scratch,
        check=functools.partial(imports.check, environ=environ, limit=settings.check_timeout),
        ask=functools.partial(runs.ask, airflow_env.for_database(environ, scratch)),
        image=imports.image(),
    )


def run(settings: Settings, sync: Sync) -> NoReturn:
    """Looks again and again until the process is told to end."""
    try:
        with store.lock(settings.root, SOLE, until=time.monotonic()):
            _look_forever(sync)
    except store.Busy:
        say(f"another sync works on {settings.root}; this one waits until it has ended")
    with store.lock(settings.root, SOLE, until=_FOREVER):
        _look_forever(sync)


def once(settings: Settings, sync: Sync, patience: float) -> int:
    """Looks until some version is current; 0 when there is one, and 1 with a last line that says why there is none."""
    until = time.monotonic() + patience
    reason = f"another sync works on {settings.root} and has published nothing."
    while not store.current(settings.root):
        try:
            with store.lock(settings.root, SOLE, until=min(until, time.monotonic() + 1.0)):
                sync.begin()
                while not store.current(settings.root):
                    reason = sync.look(until).reason
                    pause = min(_RETRY_SECONDS, settings.interval)
                    if store.current(settings.root) or time.monotonic() + pause >= until:
                        break
                    time.sleep(pause)
                break
        except store.Busy:
            if time.monotonic() >= until:
                break
    if store.current(settings.root):
        return 0
    sys.stderr.write(f"No version could be published within {patience:g} s: {reason}\n")
    return 1


def _look_forever(sync: Sync) -> NoReturn:
    sync.begin()
    while True:
        sync.look()
        _reap()
        time.sleep(sync.pause())


def _reap() -> None:
    """Takes in the dead that were left to this process, when it is a container's first."""
    with contextlib.suppress(ChildProcessError):
        while os.getpid() == 1 and os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _end(number: int, _frame: object) -> NoReturn:
    for other in (signal.SIGTERM, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)
    raise _Ended(number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
