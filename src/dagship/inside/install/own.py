"""Builds packages of the project and installs them: `install.own DIRECTORY PYTHON PREFIX BESIDE`.

In the directory are `packages.json`, their directories in the project and their names, and the sources of each, `0.tar`
and so on. Beside is the prefix with what the lock brings, or nothing. They have a prefix and so a layer of their own:
one that is edited leaves that of the lock as it is.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from ..own_packages import wheels
from ..shared import index, installed
from . import finish, overlap

_WORK = "/opt/dagship/build"
_WORDS = 50000
_NOTE = "uv_cache.json"


def main(directory: str, python: str, prefix: str, beside: str) -> None:
    """Builds, installs, compiles and makes the tree fit the environment it will lie over.

    Raises:
        SystemExit: A package could not be built, is not the one that was locked, or stands in another's way.

    """
    os.umask(0o022)
    os.makedirs(prefix, exist_ok=True)
    found = installed.ask(python)
    with open(os.path.join(directory, "packages.json"), encoding="utf-8") as file:
        packages = json.load(file)
    ready = os.path.join(_WORK, "ready")
    os.makedirs(ready, exist_ok=True)
    pins: list[str] = []
    with index.environment() as env:
        for number, one in enumerate(packages):
            try:
                wheel = wheels.build(os.path.join(directory, f"{number}.tar"), os.path.join(_WORK, "one"), env)
            except wheels.NotBuilt as failed:
                print(str(failed), file=sys.stderr)
                finish.say({"kind": "own", "path": one["path"], "words": str(failed)[-_WORDS:]})
                raise SystemExit("A package of the project could not be built.") from failed
            said = wheels.said(wheel)
            if (installed.canonical(said["name"]), said["version"]) != (one["name"], one["version"]):
                finish.say({"kind": "own", "path": one["path"], "words": _other(one, said)})
                raise SystemExit("A package of the project is not the one that was locked.")
            pins.append(f"{one['name']}=={one['version']} --hash=sha256:{_sha256(wheel)}")
            shutil.move(wheel, ready)
        _install(pins, python, prefix, ready, env)
    _forget_times(prefix)
    finish.check_place(prefix, found)
    finish.check_files(prefix, found, _going(beside))
    lost, _ = overlap.with_image(prefix, beside, overlap.directories(beside))
    if lost:
        finish.say({"kind": "overlap", "files": lost[: finish.OVERLAPS], "within": "lock"})
        raise SystemExit("A package of the project would write over files of the lock's.")
    finish.compile_all(python, prefix, str(found["prefix"]))
    finish.settle(prefix, str(found["prefix"]))
    print(f"{len(packages)} packages of the project installed", flush=True)


def _other(one: "dict[str, str]", said: "dict[str, str]") -> str:
    return "It was locked as {} {}, and the wheel says {} {}: its version is another at each build.".format(
        one["name"], one["version"], said["name"], said["version"]
    )


def _going(beside: str) -> "Sequence[str]":
    """Files of the image that are taken out before, since the lock has another version of their package."""
    path = os.path.join(os.path.dirname(beside), "leaving", "files.json")
    if not os.path.exists(path):
        return ()
    with open(path, encoding="utf-8") as file:
        going: list[str] = json.load(file)
    return going


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def _install(pins: Sequence[str], python: str, prefix: str, ready: str, env: "dict[str, str]") -> None:
    requirements = prefix + ".txt"
    with open(requirements, "w", encoding="utf-8") as file:
        file.write("\n".join(pins) + "\n")
    # Another wheel of the same version and name is what an edit makes: of uv's cache it would be the one before.
    argv = [os.path.join(os.path.dirname(sys.executable), "uv"), "pip", "install", "--quiet", "--no-deps", "--no-cache"]
    argv += ["--no-index", "--find-links", ready, "--python", python, "--prefix", prefix]
    argv += ["--require-hashes", "--requirement", requirements]
    done = subprocess.run(
        argv, env=env, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
    )  # fmt: skip
    if done.returncode != 0:
        words = index.redacted(done.stdout)
        print(words, file=sys.stderr)
        finish.say({"kind": "own", "path": "(one of several)", "words": words[-_WORDS:]})
        raise SystemExit("The packages of the project could not be installed; uv's words are above.")


def _forget_times(prefix: str) -> None:
    """Takes out what uv notes beside a package of a directory: when it saw the wheel."""
    for directory, _, files in os.walk(prefix):
        if _NOTE in files:
            os.remove(os.path.join(directory, _NOTE))
            record = os.path.join(directory, "RECORD")
            with open(record, encoding="utf-8", newline="") as file:
                lines = list(file)
            with open(record, "w", encoding="utf-8", newline="") as file:
                file.writelines(line for line in lines if f"/{_NOTE}," not in line)


if __name__ == "__main__":
    main(*sys.argv[1:])
