"""Reads any log that ends in an error: the exception, the file it comes from, the last bad line. Pure.

Airflow 3 writes an exception either as Python's traceback or, from a child process or with JSON logs, into one line.
"""

import re
from typing import NamedTuple

from dagship.model.dag_versions import ID, ROOT

# Files that are nobody's own: Airflow's, its packages', Python's.
_FOREIGN = re.compile(r"/(?:site|dist)-packages/|^/usr/(?:lib|local/lib|python)|/bin/airflow$")
_FRAME = re.compile(
    r"""File "(?P<file>/[^"\n]+)", line (?P<line>\d+)"""
    r"""|['"]filename['"]: ?['"](?P<file3>/[^'"\n]+)['"], ?['"]lineno['"]: ?(?P<line3>\d+)"""
)
_EXCEPTION = re.compile(
    r"^[ \t]+\S.*\n(?P<kind>(?:\w+\.)*(?!SystemExit)[A-Z]\w*)(?:: (?P<said>.*))?$"
    r"""|['"]exc_type['"]: ?['"](?P<kind3>\w+)['"], ?"""
    r"""['"]exc_value['"]: ?(?P<quote>["'])(?P<said3>.*?)(?P=quote), ?['"]exc_notes""",
    re.MULTILINE,
)
_LOOKS_BAD = re.compile(r"error|exception|fatal|fail|denied|refused|cannot|can't|not found|no such", re.IGNORECASE)
# Lines of lower levels, and a table's heading, that have those words too.
_QUIET = re.compile(
    r"\[(?:info|debug|warning) *\]|\b(?:INFO|DEBUG|WARNING)\b|\"level\": ?\"(?:info|debug|warning)|# Errors"
)
_VERSIONS = re.compile(rf"^.*/{ROOT.rpartition('/')[2]}/{ID}/")


class Raised(NamedTuple):
    """An exception in a log."""

    kind: str
    said: str
    end: int

    def __str__(self) -> str:
        """Class and message, as Python prints them."""
        return f"{self.kind}: {self.said}" if self.said else self.kind


def plain(log: str) -> str:
    """Returns a log with the quotes inside JSON as they were."""
    return log.replace('\\"', '"')


def last(words: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Returns the last place of some words in a text."""
    match = None
    for match in words.finditer(text):  # noqa: B007 - the last one is what is wanted
        pass
    return match


def raised(match: re.Match[str]) -> Raised:
    """Returns the exception that was found."""
    kind, said = match["kind"] or match["kind3"], match["said"] or match["said3"] or ""
    return Raised(kind.rpartition(".")[2], said, match.end())


def first_raised(log: str) -> Raised | None:
    """Returns the first exception of a log."""
    match = _EXCEPTION.search(log)
    return None if match is None else raised(match)


def place(log: str, match: re.Match[str]) -> str:
    """Returns the innermost line of somebody's own that led to a place in a log: of a plugin, a setting, a DAG."""
    begin, end = log.rfind("\n", 0, match.start()) + 1, log.find("\n", match.end())
    line = log[begin : end if end >= 0 else len(log)]
    before = log[log.rfind("Traceback (most recent call last)", 0, match.end()) + 1 : match.end()]
    own = [(file, number) for file, number in frames(line) or frames(before) if not _FOREIGN.search(file)]
    return f"{short(own[-1][0])}, line {own[-1][1]}" if own else ""


def frames(text: str) -> list[tuple[str, str]]:
    """Returns the files and lines of a traceback, outermost first."""
    return [(match["file"] or match["file3"], match["line"] or match["line3"]) for match in _FRAME.finditer(text)]


def short(path: str) -> str:
    """Returns a path, below its DAG version where it is in one."""
    return _VERSIONS.sub("", path)


def complaint(log: str) -> str:
    """Returns the exception that a log ends with, or the last line that looks like an error; empty without either."""
    log = plain(log)
    if (match := last(_EXCEPTION, log)) is not None:
        where = place(log, match)
        return f"{raised(match)} ({where})" if where else str(raised(match))
    lines = [line.strip() for line in log.splitlines() if not _QUIET.search(line)]
    return next((line for line in reversed(lines) if _LOOKS_BAD.search(line)), "")
