"""Packages of the base image that move: those that a line asks for by name in another version, Airflow never.

Pure. That what stays in the base goes with the other version, the resolver sees to (`inside/resolve/base_needs.py`).
"""

from collections.abc import Mapping

from dagship.lock import freshness
from dagship.lock.pins import Lock
from dagship.lock.requirements import AIRFLOW, Source
from dagship.model.artifacts import BaseImage, Moved


def asked(source: Source, base: BaseImage) -> dict[str, str]:
    """Returns the packages of the base that requirements ask for in another version, and where each is asked for.

    Args:
        source: The requirements.
        base: The base image.

    """
    there = freshness.environment(base.python_version, base.platform)
    found: dict[str, str] = {}
    for line in source.lines:
        has = base.packages.get(line.name)
        if has is None or line.name in AIRFLOW or line.requirement.specifier.contains(has, prereleases=True):
            continue
        if line.requirement.marker is None or line.requirement.marker.evaluate(dict(there)):
            found.setdefault(line.name, line.at(source.where))
    return found


def of_lock(lock: Lock, base: BaseImage, asked_by: Mapping[str, str], shown: str) -> tuple[Moved, ...]:
    """Returns the packages of the base that a lock moves.

    Args:
        lock: It.
        base: The base image.
        asked_by: As `asked` returned it; empty where there are no requirements beside the lock.
        shown: How the lock is shown.

    """
    return tuple(
        Moved(name=pin.name, was=base.packages[pin.name], now=pin.version, by=asked_by.get(pin.name, shown))
        for pin in freshness.moved(freshness.applying(lock, base), base.packages)
    )
