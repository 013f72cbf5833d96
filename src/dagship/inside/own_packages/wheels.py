"""Builds a package of the project to a wheel, with the backend that it names, and reads what the wheel says of itself.

The same sources are the same wheel, as far as the backend goes along: they lie in a directory of one name, and nothing
in it says when it was built.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from email.parser import HeaderParser
from typing import Any

from ..shared import index

_EPOCH = "315532800"  # 1980, the first time that a zip archive can say
_WORDS = 50000


class NotBuilt(Exception):  # noqa: N818 - what happened
    """A package could not be built; the words of what builds it."""


def described(paths: Sequence[str], directory: str) -> "dict[str, Any]":
    """Returns what packages are and need, as `packages`: what only a build knows, as of a setup.py.

    Of the first that cannot be built it returns the `path`, and the words about it as `log`.

    Args:
        paths: How they are called.
        directory: Their sources, `0.tar` and so on, in this order.

    """
    found = []
    with tempfile.TemporaryDirectory(prefix="dagship-package-") as scratch, index.environment() as env:
        for number, path in enumerate(paths):
            try:
                wheel = build(os.path.join(directory, f"{number}.tar"), os.path.join(scratch, "build"), env)
            except NotBuilt as failed:
                return {"ok": False, "path": path, "log": str(failed)[-20000:]}
            found.append(said(wheel))
    return {"ok": True, "packages": found}


def build(archive: str, scratch: str, env: Mapping[str, str]) -> str:
    """Returns the path of the wheel.

    Args:
        archive: The package's sources, a tar archive of files.
        scratch: A directory that need not be there; the wheel is below it.
        env: Environment with the index.

    Raises:
        NotBuilt: There is none.

    """
    source, wheels = os.path.join(scratch, "source"), os.path.join(scratch, "wheel")
    shutil.rmtree(scratch, ignore_errors=True)
    _unpack(archive, source)
    # For which Python it is dagship says in words of its own.
    argv = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--ignore-requires-python"]
    argv += ["--wheel-dir", wheels, source]
    done = subprocess.run(
        argv, env={**env, "SOURCE_DATE_EPOCH": _EPOCH}, cwd=scratch, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
    )  # fmt: skip
    made = sorted(os.listdir(wheels)) if os.path.isdir(wheels) else []
    if done.returncode != 0 or not made:
        raise NotBuilt(index.redacted(done.stdout)[-_WORDS:])
    return os.path.join(wheels, made[0])


def said(wheel: str) -> "dict[str, Any]":
    """Returns the name, the version and the needs of a wheel."""
    with zipfile.ZipFile(wheel) as file:
        (name,) = (one for one in file.namelist() if one.endswith(".dist-info/METADATA") and one.count("/") == 1)
        metadata = HeaderParser().parsestr(file.read(name).decode("utf-8"))
    return {
        "name": metadata["Name"],
        "version": metadata["Version"],
        "requires": metadata.get_all("Requires-Dist") or [],
        "requires_python": metadata["Requires-Python"] or "",
        "extras": metadata.get_all("Provides-Extra") or [],
    }


def _unpack(archive: str, into: str) -> None:
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is None:
                continue
            path = os.path.join(into, member.name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content.read())
            os.chmod(path, member.mode)
            os.utime(path, (member.mtime, member.mtime))
