"""The mounted ConfigMap: what is announced, and the packages.

The kubelet writes a new directory for each change and turns the link `..data` to it, so a file that is read there is
whole, and one that has gone is there again when it is looked for anew.
"""

import os
from typing import Optional

from . import package

PLACE = "/opt/airflow/dag-announced"

_DATA = "..data"
_CURRENT = "current"
_LONGEST = 64 * 1024
# Each finds its directory gone when the link was turned meanwhile.
_TRIES = 20


def is_there(place: str) -> bool:
    """Whether anything is mounted; the ConfigMap itself may be missing."""
    return os.path.isdir(place)


def mark(place: str) -> str:
    """Returns what is another one after each change; empty where nothing is mounted."""
    try:
        return os.readlink(os.path.join(place, _DATA))
    except OSError:
        return ""


def announced(place: str) -> Optional[bytes]:
    """Returns what is announced, None where nothing is."""
    return _read(place, _CURRENT, _LONGEST)


def packaged(place: str, version: str) -> Optional[bytes]:
    """Returns the package of a version, None where there is none."""
    return _read(place, f"{version}.tgz", package.MOST_PACKED)


def is_empty(place: str) -> bool:
    """Whether the ConfigMap is missing, or has nothing in it."""
    try:
        return all(name.startswith("..") for name in os.listdir(place))
    except OSError:
        return True


def _read(place: str, name: str, most: int) -> Optional[bytes]:
    """Returns the bytes of a file, one more at most than it may have."""
    for _ in range(_TRIES):
        before = mark(place)
        try:
            with open(os.path.join(place, before, name), "rb") as file:
                return file.read(most + 1)
        except OSError:
            if mark(place) == before:
                return None
    return None
