"""Assembles the directory of a version from its package and the version that it differs from.

It gets its name when it is whole and has the digest that was announced. Files are copied and not linked: what a DAG
finds beside its own file, links resolved, has to be of its own version.
"""

import errno
import os
import shutil

from .. import layout, store
from . import directory, kept
from .package import Package, Wrong
from .package import kept as stays

LOCK = ".lock"

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_CACHE = "__pycache__"


class Unable(Exception):  # noqa: N818 - what is raised is a sentence for people
    """Nothing can be assembled here; the text is a sentence."""


def assemble(place: str, package: Package, base: str, *, until: float) -> None:
    """Makes the directory of a version, unless it is there and as it should be.

    Args:
        place: Where it is to lie.
        package: What differs.
        base: The directory of the version that it differs from.
        until: Moment of `time.monotonic` to wait for others until.

    Raises:
        Wrong: It does not get the digest that the package says.
        Unable: It cannot be written.

    """
    try:
        os.makedirs(place, exist_ok=True)
        with store.lock(place, LOCK, until=until):
            if directory.digest(os.path.join(place, package.version)) == package.tree:
                return
            store.clean(place)
            kept.prune(place)
            try:
                _make(place, package, base)
            except OSError as failed:
                if failed.errno not in _NO_ROOM or not kept.prune(place, newest=0, recent=0.0):
                    raise
                _make(place, package, base)
    except store.Busy as busy:
        raise Unable(f"Others keep {place} locked.") from busy
    except OSError as failed:
        room = " Its volume is full: give the pods a larger one." if failed.errno in _NO_ROOM else ""
        why = failed.strerror or str(failed)
        raise Unable(f"The version {package.version} cannot be written to {place}: {why}.{room}") from failed


def _make(place: str, package: Package, base: str) -> None:
    partial = store.begin(place, package.version)
    try:
        _fill(partial, package, base)
        _check(partial, package)
        # What is in a pod dies with it, and need not survive a power failure.
        store.finish(place, package.version, lasting=False)
    except BaseException:
        store.remove(partial)
        raise


def _fill(partial: str, package: Package, base: str) -> None:
    there = directory.content(base).files
    # Python of a container that runs as root has written those into the image's directories.
    same = stays(package, [path for path in there if _CACHE not in path.split("/")])
    for path in same:
        final = _at(partial, path)
        shutil.copyfile(os.path.join(base, path), final)
        # It is not newer for Airflow than it was.
        before = os.stat(os.path.join(base, path))
        os.utime(final, ns=(before.st_atime_ns, before.st_mtime_ns))
        os.chmod(final, 0o755 if there[path] else 0o644)
    for file in package.files:
        final = _at(partial, file.path)
        with open(final, "wb") as written:
            written.write(file.content)
        os.chmod(final, 0o755 if file.executable else 0o644)
    if package.link:
        os.symlink(layout.DAGS, os.path.join(partial, package.link))


def _check(partial: str, package: Package) -> None:
    if directory.digest(partial) != package.tree:
        raise Wrong(
            f"The package of the version {package.version} does not give that version: it is damaged, or what it was "
            f"made from is not the version {package.base} that is in this image."
        )


def _at(partial: str, path: str) -> str:
    final = os.path.join(partial, path)
    os.makedirs(os.path.dirname(final), exist_ok=True)
    return final
