"""Finds a package of the project where a line names it, and has its sources read."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from dagship.errors import UsageError
from dagship.lock.own.lines import Named, Own
from dagship.lock.pins import PATH
from dagship.lock.requirements import quoted
from dagship.untrusted import boundary, toml_text

Archives = Callable[[str], bytes]
"""Reads the sources of a package of the project, by its directory, as a tar archive."""

_MARKS = ("pyproject.toml", "setup.py")


def none(path: str) -> bytes:
    """Stands for `Archives` where there are none.

    Raises:
        UsageError: Always.

    """
    raise UsageError(f"{path} is a package of the project, and none is built here.")


def found(  # noqa: PLR0917 - a place, and what is asked for there
    root: Path, below: Path, named: Named, at: str, there: Mapping[str, str], archives: Archives
) -> Own | None:
    """Returns a package; None where the marker of the line does not hold.

    Args:
        root: The project.
        below: The directory to which the line's path is relative.
        named: What the line names.
        at: The file and the line.
        there: What markers are tested against.
        archives: Reads its sources.

    Raises:
        UsageError: There is no such package in the project.

    """
    if named.marker and not _holds(named.marker, there, at):
        return None
    directory = below / named.path
    shown = quoted(named.path)
    if boundary.leads_out(root, directory):
        raise UsageError(
            f"{at}: {shown} lies out of the project, and nothing is read there.",
            "Put the package into the project; or put a wheel of it on an index, and name its version.",
        )
    path = os.path.relpath(directory.resolve(), root.resolve()).replace(os.sep, "/")
    if not directory.is_dir():
        what = "is a file" if directory.exists() else "is not there"
        raise UsageError(
            f"{at}: {path} {what}; a package of the project is named by its directory.",
            "Directories are relative to the project's.",
        )
    if not any((directory / mark).is_file() for mark in _MARKS):
        raise UsageError(
            f"{at}: {path} is no package: it has neither pyproject.toml nor setup.py.",
            "Modules without either can lie beside the DAGs, or where the setting include names them.",
        )
    _check_project(directory / _MARKS[0], f"{path}/{_MARKS[0]}" if path != "." else _MARKS[0], at)
    if path != "." and PATH.fullmatch(path) is None:
        raise UsageError(
            f"{at}: {shown} cannot be written into a lock.", "Take letters, digits, dots, dashes and underscores."
        )
    return Own(path=path, extras=named.extras, place=at, archive=archives(path))


def _check_project(path: Path, shown: str, at: str) -> None:
    """Refuses a description that no tool can read: pip would say so by a traceback, after half a minute.

    Raises:
        UsageError: It is no TOML, or no text.

    """
    if not path.is_file():
        return
    where = f"{at}: {shown}"
    toml_text.document(toml_text.text(path, where), where)


def _holds(marker: str, there: Mapping[str, str], at: str) -> bool:
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison

    try:
        return Marker(marker).evaluate(dict(there))
    except (InvalidMarker, UndefinedComparison) as wrong:
        raise UsageError(f"{at}: {quoted(marker)} is no marker.", 'As: python_version >= "3.11"') from wrong
