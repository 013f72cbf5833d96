"""Loads the plugins of the plugins folder as Airflow does, in a process of its own, and says which cannot be."""

import contextlib
import json
import os
import select
import signal
import time
import traceback
from typing import Any

_LONGEST = 2000


def broken(seconds: float) -> list[dict[str, str]]:
    """Returns the files of the folder that cannot be imported, each with what was raised.

    Args:
        seconds: What all of them may take together.

    """
    from airflow import settings

    folder = str(settings.PLUGINS_FOLDER or "")
    if not any(name.endswith(".py") for _, _, names in os.walk(folder) for name in names):
        return []
    end, way = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(end)
        _tell(way, folder)
    os.close(way)
    said, in_time = _heard(end, time.monotonic() + seconds)
    os.close(end)
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(OSError):  # it has ended, or has no group yet
            kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    try:
        found: list[dict[str, str]] = json.loads(said)
    except ValueError:
        why = "ends the process that loads it" if in_time else "is not loaded within %g s" % seconds
        return [{"file": "", "error": "one of the plugins %s" % why}]
    return found


def _tell(way: int, folder: str) -> None:
    try:
        os.setsid()
        left = memoryview(json.dumps(_load(folder)).encode())
        while left:
            left = left[os.write(way, left) :]
    except BaseException:  # noqa: BLE001 - a plugin may raise anything; the log has it
        traceback.print_exc()
    finally:
        os._exit(0)


def _load(folder: str) -> list[dict[str, str]]:
    from airflow import plugins_manager

    plugins_manager.ensure_plugins_loaded()
    of_release: Any = getattr(plugins_manager, "get_import_errors", None)  # since 3.2
    errors = of_release() if of_release else plugins_manager.import_errors
    found = []
    for path, error in sorted(errors.items()):
        # Of a plugin that fails when it is loaded Airflow has "$PLUGINS_FOLDER/x.py"; others are of packages.
        place = str(path).replace("$PLUGINS_FOLDER", folder.rstrip("/"))
        # A class that is imported from another file is met twice: it is there, and 3.3 notes the second all the same.
        if str(error).endswith("already registered, skipping"):
            continue
        if place.startswith(folder.rstrip("/") + "/"):
            found.append({"file": os.path.relpath(place, folder), "error": str(error)[:_LONGEST]})
    return found


def _heard(end: int, until: float) -> tuple[bytes, bool]:
    said = b""
    while True:
        ready, _, _ = select.select([end], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            return said, False
        piece = os.read(end, 65536)
        if not piece:
            return said, True
        said += piece
