"""What two images differ in beside their DAGs: packages, findings, and the time that parsing takes. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from packaging.version import InvalidVersion, Version

from dagship.model.release_document import FileParse, FindingChange, PackageChange, Parse
from dagship.model.snapshot import Snapshot
from dagship.model.verify_report import Finding

# Seconds, and part of the longer time, from which on a difference is more than the machine's mood.
_SECONDS, _PART = 0.5, 1 / 3
_ORDER = ("new", "mended", "old")


def packages(was: Mapping[str, str], now: Mapping[str, str], moved: Iterable[str]) -> tuple[PackageChange, ...]:
    """Returns the packages that are other, by name.

    Args:
        was: Canonical name to version.
        now: The same of the new version.
        moved: Names of those that are the base image's, and moved.

    """
    moved = frozenset(moved)
    return tuple(
        PackageChange(
            name=name,
            was=was.get(name),
            now=now.get(name),
            change=_direction(was.get(name), now.get(name)),
            in_base=name in moved,
        )
        for name in sorted({*was, *now})
        if was.get(name) != now.get(name)
    )


def _direction(was: str | None, now: str | None) -> Literal["added", "removed", "up", "down", "other"]:
    if was is None or now is None:
        return "added" if was is None else "removed"
    try:
        return "up" if Version(now) > Version(was) else "down" if Version(now) < Version(was) else "other"
    except InvalidVersion:
        return "other"


def findings(was: Sequence[Finding], now: Iterable[Finding]) -> tuple[FindingChange, ...]:
    """Returns the findings of both versions, new ones first; one is old where its line alone is another."""
    left = [_identity(one) for one in was]
    found: list[FindingChange] = []
    for one in now:
        if (identity := _identity(one)) in left:
            left.remove(identity)
            found.append(FindingChange(change="old", finding=one))
        else:
            found.append(FindingChange(change="new", finding=one))
    found += [FindingChange(change="mended", finding=one) for one in _rest(was, left)]
    return tuple(sorted(found, key=lambda one: (_ORDER.index(one.change), one.finding.severity, one.finding.file)))


def _rest(was: Iterable[Finding], left: list[tuple[str, str, str]]) -> Iterator[Finding]:
    left = list(left)
    for one in was:
        if (identity := _identity(one)) in left:
            left.remove(identity)
            yield one


def _identity(one: Finding) -> tuple[str, str, str]:
    if one.kind == "slow":  # its message has seconds
        return one.kind, one.file, ""
    return one.kind, one.file, one.message


def parse(was: Snapshot, now: Snapshot) -> Parse:
    """Returns the seconds that the import of all DAG files takes."""
    before, after = ({file.file: file.seconds for file in one.files} for one in (was, now))
    found = (
        FileParse(file=file, was=before.get(file), now=after.get(file))
        for file in before.keys() & after.keys()
        if _is_more(before[file], after[file])
    )
    files = tuple(sorted(found, key=lambda one: ((one.was or 0) - (one.now or 0), one.file)))
    return Parse(was=round(sum(before.values()), 2), now=round(sum(after.values()), 2), files=files)


def _is_more(was: float, now: float) -> bool:
    return abs(now - was) >= max(_SECONDS, _PART * max(was, now))
