"""The version directories on a volume: made, published, and removed, so that a reader only ever sees whole ones."""

import contextlib
import fcntl
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,199}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_POLL_SECONDS = 0.1
_FSYNCS = 8
_OPEN, _CLOSED = 0o755, 0o555


class Busy(Exception):  # noqa: N818 - it is what happened
    """Another process holds the lock."""


def is_id(text: str) -> bool:
    """Whether a text can name a version directory: one plain path component, and none that is hidden."""
    return _ID.fullmatch(text) is not None


def is_commit(text: str) -> bool:
    """Whether a text is the whole name of a commit."""
    return _COMMIT.fullmatch(text) is not None


def current(root: str) -> str:
    """Returns the id of the version that new runs get, empty when there is none or its directory is missing."""
    try:
        with open(os.path.join(root, "CURRENT"), encoding="utf-8") as file:
            found = file.read(1000).strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return found if is_id(found) and os.path.isdir(os.path.join(root, found)) else ""


@contextlib.contextmanager
def lock(root: str, name: str, *, until: float) -> Iterator[int]:
    """Holds a lock of the volume; yields its file descriptor.

    Args:
        root: The version directories.
        name: `.lock` for the store and the directories, `.sync.lock` for the one process that publishes.
        until: Moment of `time.monotonic` to give up at.

    Raises:
        Busy: It was not free by then.

    """
    handle = os.open(os.path.join(root, name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o664)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as taken:
                if time.monotonic() >= until:
                    raise Busy(name) from taken
            time.sleep(_POLL_SECONDS)
        yield handle
    finally:
        os.close(handle)


def versions(root: str) -> list[str]:
    """Returns the ids of all version directories."""
    return sorted(entry.name for entry in os.scandir(root) if is_id(entry.name) and entry.is_dir(follow_symlinks=False))


def begin(root: str, version: str) -> str:
    """Makes an empty directory to fill, under a name that no reader takes; under the lock."""
    partial = os.path.join(root, f".{version}.partial")
    remove(partial)
    os.mkdir(partial, 0o755)
    return partial


def finish(root: str, version: str, *, lasting: bool = True) -> None:
    """Makes a filled directory read-only and gives it its name; one that has the name already goes.

    Args:
        root: The version directories.
        version: Its id.
        lasting: Whether the disk has to hold it before it has its name.

    """
    partial, final = os.path.join(root, f".{version}.partial"), os.path.join(root, version)
    (_settle if lasting else _close)(partial)
    if os.path.exists(final):
        old = os.path.join(root, f".{version}.old.partial")
        remove(old)
        os.rename(final, old)
        os.rename(partial, final)
        remove(old)
    else:
        os.rename(partial, final)
    if lasting:
        _sync_directory(root)


def clean(root: str) -> None:
    """Removes what a killed process left half-made; only while nobody else works on the volume."""
    for name in os.listdir(root):
        if name.startswith(".") and name.endswith(".partial"):
            remove(os.path.join(root, name))


def publish(root: str, version: str) -> None:
    """Makes a version current: in one step for whoever reads the link, and in one for whoever reads the file."""
    # Airflow reads a file again soon when it is newer than its last look at it, and this one has waited for its check.
    for path in _walk(os.path.join(root, version)):
        if not os.path.islink(path):
            with contextlib.suppress(OSError):
                os.utime(path)
    link = os.path.join(root, ".current.partial")
    remove(link)
    os.symlink(version, link)
    os.rename(link, os.path.join(root, "current"))
    write(os.path.join(root, "CURRENT"), f"{version}\n")


def write(path: str, text: str) -> None:
    """Writes a file whole or not at all, also when the power fails."""
    directory, name = os.path.split(path)
    partial = os.path.join(directory, f".{name}.partial")
    with open(partial, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fchmod(file.fileno(), 0o644)
        os.fsync(file.fileno())
    os.rename(partial, path)
    _sync_directory(directory)


def remove(path: str) -> None:
    """Removes a file or a directory, read-only as it may be; from a reader's sight in one step."""
    if os.path.islink(path) or os.path.isfile(path):
        os.remove(path)
    elif os.path.isdir(path):
        hidden = path
        if not os.path.basename(path).startswith("."):
            hidden = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.removed.partial")
            remove(hidden)
            os.rename(path, hidden)
        for directory, _, _ in os.walk(hidden):
            os.chmod(directory, _OPEN)
        shutil.rmtree(hidden)


def used(root: str) -> int:
    """Returns the bytes that all on a volume takes."""
    total = 0
    for path in _walk(root):
        with contextlib.suppress(OSError):  # it went meanwhile
            total += os.lstat(path).st_blocks * 512
    return total


def leads_outside(directory: str) -> str:
    """Returns the first link that leads out of a directory, relative to it; empty when there is none."""
    top = os.path.realpath(directory)
    for path in _walk(directory):
        if os.path.islink(path):
            target = os.path.realpath(path)
            if os.path.isabs(os.readlink(path)) or os.path.commonpath([top, target]) != top:
                return os.path.relpath(path, directory)
    return ""


def _settle(directory: str) -> None:
    """Takes the right to write from all, and has the disk hold it before anyone is told of it."""
    _close(directory)
    paths = [path for path in _walk(directory) if not os.path.islink(path)]
    with ThreadPoolExecutor(_FSYNCS) as pool:
        list(pool.map(_sync_file, (path for path in paths if os.path.isfile(path))))
    for path in (*(path for path in paths if os.path.isdir(path)), directory):
        _sync_directory(path)


def _close(directory: str) -> None:
    """Takes the right to write from all."""
    paths = [path for path in _walk(directory) if not os.path.islink(path)]
    for path in paths:
        if os.path.isfile(path):
            os.chmod(path, 0o555 if os.stat(path).st_mode & stat.S_IXUSR else 0o444)
    for path in (*(path for path in paths if os.path.isdir(path)), directory):
        os.chmod(path, _CLOSED)


def _walk(directory: str) -> Iterator[str]:
    for above, directories, names in os.walk(directory):
        yield from (os.path.join(above, name) for name in (*directories, *names))


def _sync_file(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_directory(path: str) -> None:
    with contextlib.suppress(OSError):  # some network file systems know no such thing
        _sync_file(path)
