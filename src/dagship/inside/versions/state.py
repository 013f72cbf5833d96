"""What is remembered of each version on its volume: where it came from, what the check said, when it was published."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field, replace
from typing import NamedTuple, Optional

from . import store

_PLACE = ".records"
_MOST = 200


class Finding(NamedTuple):
    """What the check has to say of a file: relative path, and the last line of the traceback."""

    file: str
    error: str


@dataclass(frozen=True)
class Verdict:
    """What came of an import check.

    Attributes:
        passed: Whether the version may be published.
        reason: One sentence, empty when it passed.
        findings: What is wrong with which file.
        notes: What the check could not know, and production may: Variables and Connections.
        lasting: Whether another check of the same files would say the same; a time-out is not.
        at: When it was checked, seconds since 1970.
        image: What it was checked against.

    """

    passed: bool
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    lasting: bool = True
    at: float = 0.0
    image: str = ""


@dataclass(frozen=True)
class Record:
    """What is remembered of a version.

    Attributes:
        version: Its id.
        made_of: What of the commit it was made from.
        published: When it last became current, seconds since 1970; 0 for never.
        verdict: What the check said, if there was one.

    """

    version: str
    made_of: str = ""
    published: float = 0.0
    verdict: Optional[Verdict] = field(default=None)


def read(root: str, version: str) -> Record:
    """Returns what is remembered of a version, an empty record when nothing is."""
    try:
        with open(_path(root, version), encoding="utf-8") as file:
            found = json.load(file)
        verdict = found.pop("verdict")
        return Record(**found, verdict=_verdict(verdict) if verdict else None)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Record(version)


def remember(root: str, version: str, **changes: object) -> Record:
    """Changes what is remembered of a version; under the lock."""
    record = replace(read(root, version), **changes)  # type: ignore[arg-type]
    os.makedirs(os.path.join(root, _PLACE), exist_ok=True)
    store.write(_path(root, version), json.dumps(asdict(record)))
    return record


def forget(root: str) -> None:
    """Drops the oldest records of versions that are gone; under the lock."""
    place = os.path.join(root, _PLACE)
    there = {f"{version}.json" for version in store.versions(root)}
    with contextlib.suppress(OSError):
        gone = sorted(
            (entry for entry in os.scandir(place) if entry.name not in there), key=lambda one: one.stat().st_mtime
        )
        for entry in gone[: max(0, len(gone) - _MOST)]:
            os.remove(entry.path)


def last_published(root: str) -> float:
    """Returns when a version was published last, 0 for never: a clock that was set back must not change the order."""
    return max((read(root, version).published for version in store.versions(root)), default=0.0)


def removable(root: str, keep: int) -> list[str]:
    """Returns the versions beyond the current one and the `keep` that were published last."""
    records = {version: read(root, version) for version in store.versions(root)}
    newest = sorted((record for record in records.values() if record.published), key=lambda one: -one.published)[:keep]
    kept = {record.version for record in newest} | {store.current(root)}
    return [version for version in records if version not in kept]


def _verdict(found: dict[str, object]) -> Verdict:
    named = {name: tuple(Finding(*one) for one in found.pop(name)) for name in ("findings", "notes")}  # type: ignore[attr-defined]
    return Verdict(**found, **named)  # type: ignore[arg-type]


def _path(root: str, version: str) -> str:
    return os.path.join(root, _PLACE, f"{version}.json")
