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
import subprocess
import sys
from collections.abc import Sequence

from ..shared import index, installed
from . import finish, leaving

_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
_LINES = 8
_WORDS = 50000  # a package may have hundreds of files, and each its hash


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
        finish.check_place(prefix, found)
        finish.check_files(prefix, found, going)
        finish.compile_all(python, prefix, str(found["prefix"]))
    finish.settle(prefix, str(found["prefix"]))
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
        finish.say({"kind": "uv", "words": words[-_WORDS:]})
        raise SystemExit("The locked packages could not be installed; uv's words are above.")


def short(words: str) -> str:
    """Returns uv's words without the hashes it expected: a builder shows the last ten lines of a step that fails."""
    lines = [line for line in words.splitlines() if line.strip() and not line.strip().startswith("sha256:")]
    return "\n".join(lines if len(lines) <= _LINES else [*lines[: _LINES // 2], *lines[-_LINES // 2 :]])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
