"""The baseline: what is wrong with DAG files today, accepted by file and kind until a day. Pure.

An entry is about the file in every DAG version: an image keeps the file as it was beside the one that is mended.
What is wrong with the image, or fails in the user's own tests, is never accepted.
"""

import tomllib
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, get_args

from pydantic import ValidationError

from dagship import toml
from dagship.errors import UsageError
from dagship.model.verify_report import Accepted, Finding, Kind, VerifyReport

DAYS = 90
"""Days that a new entry has."""

_OF_TESTS = ("test-failed", "no-tests")
_BROKEN_OFF = ("airflow-broken", "crashed", "timeout")
_HEAD = """\
# What was wrong with DAG files when this was written. test-image accepts it up to and with the day `until`; what is not
# in here, and what is here past its day, fails as ever. Take out what is mended; a later day is for you to write.
# `dagship test-image --write-baseline` adds what is new and takes out what is mended.
"""
_FORM = 'An entry is [[accepted]] with file = "sales.py", kind = "import-error" and until = 2027-02-28.'


def parse(text: str, where: str) -> tuple[Accepted, ...]:
    """Reads a baseline.

    Args:
        text: The file's text.
        where: How the file is shown.

    Raises:
        UsageError: It is no baseline.

    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise UsageError(f"The baseline {where} is no TOML: {wrong}.", _FORM) from wrong
    entries = document.pop("accepted", [])
    if document or not isinstance(entries, list):
        raise UsageError(f"The baseline {where} has more in it than entries, or another form.", _FORM)
    return tuple(_entry(number, entry, where) for number, entry in enumerate(entries, 1))


def _entry(number: int, entry: Any, where: str) -> Accepted:  # noqa: ANN401 - whatever the file holds
    try:
        return Accepted.model_validate(entry)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        name = ".".join(map(str, first["loc"])) or "the entry"
        kinds = f" Kinds are: {', '.join(get_args(Kind))}." if name == "kind" else ""
        said = f"{first['msg'][:1].lower()}{first['msg'][1:]}" if not kinds else "there is no such kind of finding"
        raise UsageError(f"Entry {number} of the baseline {where}: {name}: {said}.", _FORM + kinds) from wrong


def renewed(report: VerifyReport, entries: Iterable[Accepted], today: date) -> tuple[Accepted, ...]:
    """Returns the entries by which a report passes; what stands in the old ones keeps its day, even one in the past."""
    known = {(entry.file, entry.kind): entry for entry in entries}
    until = today + timedelta(days=DAYS)
    found = {(one.file, one.kind) for one in report.findings if _may(one, strict=report.strict)}
    places = found if _is_whole(report) else found | set(known)
    return tuple(known.get(place) or Accepted(file=place[0], kind=place[1], until=until) for place in sorted(places))


def text(entries: Iterable[Accepted]) -> str:
    """Returns entries as the file's text."""
    return _HEAD + "".join(
        f"\n[[accepted]]\nfile = {toml.quoted(entry.file)}\nkind = {toml.quoted(entry.kind)}\nuntil = {entry.until}\n"
        for entry in entries
    )


def applied(report: VerifyReport, entries: Iterable[Accepted], today: date) -> VerifyReport:
    """Returns a report with what the entries accept marked as such, the entries that are mended, and the verdict."""
    known = {(entry.file, entry.kind): entry for entry in entries}
    findings = tuple(_judged(found, known.get((found.file, found.kind)), today, report) for found in report.findings)
    there = {(found.file, found.kind) for found in findings}
    mended = tuple(entry for key, entry in known.items() if key not in there) if _is_whole(report) else ()
    return report.model_copy(
        update={
            "findings": findings,
            "mended": mended,
            "passed": not any(found.fails(strict=report.strict) for found in findings),
        }
    )


def _is_whole(report: VerifyReport) -> bool:
    """Whether every file was seen: where the test itself broke off, what was not found may be there all the same."""
    return not any(not found.file and found.kind in _BROKEN_OFF for found in report.findings)


def _judged(found: Finding, entry: Accepted | None, today: date, report: VerifyReport) -> Finding:
    if entry is None or not _may(found, strict=report.strict):
        return found
    if entry.until >= today:
        return found.model_copy(update={"accepted_until": entry.until.isoformat()})
    expired = f"The baseline accepted it until {entry.until}: mend it, or write a later day there."
    return found.model_copy(update={"hint": f"{expired} {found.hint}".rstrip()})


def _may(found: Finding, *, strict: bool) -> bool:
    """Whether an entry can be about it: it fails the test, and it is about a file of the tree."""
    return bool(found.file) and found.kind not in _OF_TESTS and (found.severity == "error" or strict)
