"""Which assembled versions stay in a pod, and who holds one: each can be assembled again while there is a package."""

import fcntl
import os
import time
from collections.abc import Mapping

from .. import store

NEWEST = 5
RECENT_SECONDS = 3600.0
# However lately they were used: each takes the room of a whole tree.
_MOST = 20

# Of this process: a version to the descriptor by which it is held, as long as the process and its children live.
_held: dict[str, int] = {}


def hold(place: str, version: str) -> None:
    """Keeps a version from being removed while this process lives; it need not be there yet.

    Raises:
        OSError: The place cannot be written.

    """
    path = _mark(place, version)
    if path not in _held:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o664)
        fcntl.flock(handle, fcntl.LOCK_SH)
        _held[path] = handle
    os.utime(path)


def use(place: str, version: str) -> None:
    """Says that a version was used: for a while it is not removed.

    Raises:
        OSError: The place cannot be written.

    """
    path = _mark(place, version)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o664))
    os.utime(path)


def release(place: str, version: str) -> None:
    """Holds a version no longer; that it was used counts from now on."""
    handle = _held.pop(_mark(place, version), None)
    if handle is not None:
        os.utime(handle)
        os.close(handle)


def removable(used: Mapping[str, float], now: float, *, newest: int, recent: float) -> tuple[str, ...]:
    """Decides which versions need not stay, those first that were used longest ago. Pure.

    Args:
        used: Each version to when it was last used, seconds since 1970.
        now: The time.
        newest: How many of those that were used last stay.
        recent: Seconds for which one stays after it was used, of twenty at most; a clock that was set back makes none
            older.

    """
    by_age = sorted(used, key=lambda version: used[version])
    too_many = by_age[: max(0, len(by_age) - _MOST)]
    old = by_age[: max(0, len(by_age) - newest)]
    return tuple(version for version in old if version in too_many or now - used[version] > recent)


def prune(place: str, *, newest: int = NEWEST, recent: float = RECENT_SECONDS) -> int:
    """Removes what need not stay and nobody holds; under the lock of the place. Returns how many."""
    used = {version: _used(place, version) for version in store.versions(place)}
    gone = 0
    for version in removable(used, time.time(), newest=newest, recent=recent):
        handle = os.open(_mark(place, version), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o664)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            store.remove(os.path.join(place, version))
            gone += 1
        except BlockingIOError:
            continue
        finally:
            os.close(handle)
    return gone


def _used(place: str, version: str) -> float:
    try:
        return os.stat(_mark(place, version)).st_mtime
    except OSError:
        return 0.0


def _mark(place: str, version: str) -> str:
    """The file that is locked for a version. It stays when that goes: else two could hold two of one name."""
    return os.path.join(place, f".{version}.used")
