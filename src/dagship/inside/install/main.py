"""Installs a lock beside Airflow: `install.main LOCK PYTHON PREFIX [PACKAGE…]`.

What the image has in that version already is left out; the rest goes, exactly as locked, into a prefix with the layout
of Airflow's environment, ready to be copied over it. The packages named may be built from source, or `:all:`. What the
image has in another version has to go first: its files are listed beside the prefix, in `leaving/files.json`.

What stands in the way, or is worth a warning, is said in a line, `@@INSTALL@@` and a JSON object; its `kind` is known
to dagship.image.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from ..shared import index, installed
from . import leaving, overlap

MARK = "@@INSTALL@@"

_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
_LINES = 8
_WORDS = 50000  # a package may have hundreds of files, and each its hash
_OVERLAPS = 100
_EPOCH = 315532800  # 1980: nothing in the layer says when it was made
_NOT_WRITABLE = 0o755


def main(lock: str, python: str, prefix: str, sources: Sequence[str]) -> None:
    """Installs, compiles and makes the tree fit the environment it will lie over.

    Raises:
        SystemExit: A package could not be installed, or would not be found where it goes.

    """
    os.umask(0o022)
    os.makedirs(prefix, exist_ok=True)
    found = installed.ask(python)
    versions = {one["name"]: one["version"] for one in found["distributions"]}
    with open(lock, encoding="utf-8") as file:
        wanted = missing(file.read(), versions)
    going = leaving.files({name for name in _names(wanted) if name in versions}, found["path"])
    _write_leaving(going, os.path.join(os.path.dirname(prefix), "leaving"))
    if wanted:
        _install(wanted, python, prefix, sources)
        _check_place(prefix, found)
        _check_files(prefix, found, going)
        _compile(python, prefix, str(found["prefix"]))
    _settle(prefix, str(found["prefix"]))
    print(f"{len(wanted)} packages installed", flush=True)


def missing(lock: str, versions: "dict[str, str]") -> "list[str]":
    """Returns the entries of a lock whose package is not installed in that version.

    Args:
        lock: As dagship writes it: a package, its version, a marker perhaps, its hashes on continued lines.
        versions: What is installed.

    """
    entries = re.split(r"(?<!\\)\n", lock)
    pins = [(_PIN.match(entry), entry) for entry in entries]
    return [entry for pin, entry in pins if pin and versions.get(installed.canonical(pin[1])) != pin[2]]


def _names(entries: Sequence[str]) -> "list[str]":
    return [installed.canonical(pin[1]) for pin in map(_PIN.match, entries) if pin]


def _write_leaving(going: Sequence[str], directory: str) -> None:
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "files.json"), "w", encoding="utf-8") as file:
        json.dump(going, file)


def _install(wanted: Sequence[str], python: str, prefix: str, sources: Sequence[str]) -> None:
    requirements = prefix + ".txt"
    with open(requirements, "w", encoding="utf-8") as file:
        file.write("\n".join(wanted) + "\n")
    argv = [os.path.join(os.path.dirname(sys.executable), "uv"), "pip", "install", "--quiet", "--no-deps"]
    argv += ["--require-hashes", "--python", python, "--prefix", prefix, "--requirement", requirements]
    if ":all:" not in sources:
        argv += ["--only-binary", ":all:"]
        for package in sources:
            argv += ["--no-binary", package]
    with index.environment() as env:
        done = subprocess.run(
            argv,
            env=env,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    if done.returncode != 0:
        words = index.redacted(done.stdout)
        print(short(words), file=sys.stderr)
        _say({"kind": "uv", "words": words[-_WORDS:]})
        raise SystemExit("The locked packages could not be installed; uv's words are above.")


def short(words: str) -> str:
    """Returns uv's words without the hashes it expected: a builder shows the last ten lines of a step that fails."""
    lines = [line for line in words.splitlines() if line.strip() and not line.strip().startswith("sha256:")]
    return "\n".join(lines if len(lines) <= _LINES else [*lines[: _LINES // 2], *lines[-_LINES // 2 :]])


def _check_place(prefix: str, found: "dict[str, Any]") -> None:
    """Fails when the packages would lie where Airflow's Python does not look."""
    for directory, names, _ in os.walk(prefix):
        if any(name.endswith(".dist-info") for name in names):
            place = os.path.join(found["prefix"], os.path.relpath(directory, prefix))
            if os.path.realpath(place) not in map(os.path.realpath, found["path"]):
                raise SystemExit(f"Packages would go to {place}, where the image's Python does not look for them.")
            names.clear()


def _check_files(prefix: str, found: "dict[str, Any]", going: Sequence[str]) -> None:
    """Fails when a package of the image would lose a file to one of the lock: Airflow may be what breaks."""
    shared = overlap.among(prefix)
    if shared:
        _say({"kind": "shared", "files": shared[:_OVERLAPS]})
    lost, giving_way = overlap.with_image(prefix, str(found["prefix"]), found["path"], frozenset(going))
    if giving_way:
        _say({"kind": "way", "files": giving_way[:_OVERLAPS]})
    if lost:
        _say({"kind": "overlap", "files": lost[:_OVERLAPS]})
        raise SystemExit("A package would write over files of the image.")


def _say(what: "dict[str, Any]") -> None:
    print(MARK + json.dumps(what), flush=True)


def _compile(python: str, prefix: str, final: str) -> None:
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


def _settle(prefix: str, final: str) -> None:
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


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
