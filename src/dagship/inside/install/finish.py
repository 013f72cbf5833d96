"""Looks over a tree that is to lie over Airflow's environment, and makes it fit: nothing is lost, nothing says when.

What stands in the way, or is worth a warning, is said in a line, `@@INSTALL@@` and a JSON object; its `kind` is known
to dagship.image.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

from . import overlap

MARK = "@@INSTALL@@"

OVERLAPS = 100
"""Files that are told at most."""

_EPOCH = 315532800  # 1980: nothing in the layer says when it was made
_NOT_WRITABLE = 0o755


def check_place(prefix: str, found: "dict[str, Any]") -> None:
    """Fails when the packages would lie where Airflow's Python does not look."""
    for directory, names, _ in os.walk(prefix):
        if any(name.endswith(".dist-info") for name in names):
            place = os.path.join(found["prefix"], os.path.relpath(directory, prefix))
            if os.path.realpath(place) not in map(os.path.realpath, found["path"]):
                raise SystemExit(f"Packages would go to {place}, where the image's Python does not look for them.")
            names.clear()


def check_files(prefix: str, found: "dict[str, Any]", going: Sequence[str]) -> None:
    """Fails when a package of the image would lose a file to one of the lock: Airflow may be what breaks."""
    shared = overlap.among(prefix)
    if shared:
        say({"kind": "shared", "files": shared[:OVERLAPS]})
    lost, giving_way = overlap.with_image(prefix, str(found["prefix"]), found["path"], frozenset(going))
    if giving_way:
        say({"kind": "way", "files": giving_way[:OVERLAPS]})
    if lost:
        say({"kind": "overlap", "files": lost[:OVERLAPS]})
        raise SystemExit("A package would write over files of the image.")


def say(what: "dict[str, Any]") -> None:
    """Says something to dagship."""
    print(MARK + json.dumps(what), flush=True)


def compile_all(python: str, prefix: str, final: str) -> None:
    """Compiles to bytecode that is never compared with its source: the image cannot change, and times are not kept."""
    argv = [
        python,
        "-m",
        "compileall",
        "-q",
        "-j",
        "0",
        "--invalidation-mode",
        "unchecked-hash",
        "-s",
        prefix,
        "-p",
        final,
    ]
    # Packages ship files that are not for this Python, templates and tests; that these do not compile is no fault.
    subprocess.run([*argv, prefix], check=False, stdout=subprocess.DEVNULL)


def settle(prefix: str, final: str) -> None:
    """Makes the tree readable for everyone, and its directories like those that it will lie over."""
    if os.path.exists(os.path.join(prefix, ".lock")):  # uv's, against itself
        os.remove(os.path.join(prefix, ".lock"))
    for directory, _, files in os.walk(prefix):
        for name in files:
            path = os.path.join(directory, name)
            if not os.path.islink(path):
                os.chmod(path, (os.stat(path).st_mode | 0o444) & _NOT_WRITABLE)
            os.utime(path, (_EPOCH, _EPOCH), follow_symlinks=False)
    for directory, _, _ in os.walk(prefix, topdown=False):
        there = os.path.join(final, os.path.relpath(directory, prefix))
        if os.path.isdir(there):
            status = os.stat(there)
            os.chown(directory, status.st_uid, status.st_gid)
            shutil.copymode(there, directory)
        else:
            os.chmod(directory, _NOT_WRITABLE)
        os.utime(directory, (_EPOCH, _EPOCH))
