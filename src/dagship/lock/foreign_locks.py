"""Locks of uv, poetry and others (PEP 751), read for the versions that hold on one machine's Python.

Pure. The versions are preferences: they were found without the packages of a base image.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagship.errors import UsageError
from dagship.lock.requirements import OWN_MODULES, Source, canonical

ITSELF = "the project"

_FORMATS = {"uv.lock": ("version", 1), "poetry.lock": ("lock-version", 2), "pylock": ("lock-version", 1)}
_TOOLS = {"uv.lock": "uv", "poetry.lock": "poetry"}


@dataclass(frozen=True, kw_only=True)
class Preferred:
    """A package that holds here.

    Attributes:
        name: Canonical name.
        version: The version that is locked; empty for one that no index has.
        source: Where else it comes from: a path, a repository, an address.

    """

    name: str
    version: str
    source: str = ""


def preferred(
    document: Mapping[str, Any], name: str, where: str, there: Mapping[str, str], groups: Sequence[str] = ()
) -> tuple[Preferred, ...]:
    """Returns the packages of a lock that hold; of one that is there twice, the one whose marker does.

    Args:
        document: The lock.
        name: The name of its file, which tells its kind.
        where: How it is shown.
        there: What markers are tested against.
        groups: Dependency groups that are asked for.

    Raises:
        UsageError: It is of a format that is not known, or is not what such a lock is.

    """
    kind = name if name in _TOOLS else "pylock"
    _check_format(document, kind, where)
    packages = document.get("packages" if kind == "pylock" else "package", [])
    if not isinstance(packages, list) or not all(isinstance(one, dict) and _is_named(one) for one in packages):
        raise UsageError(f"{where} has a package without a name, or without a version that is one.", "Lock it anew.")
    found: dict[str, Preferred] = {}
    for one in packages:
        package = Preferred(name=canonical(one["name"]), version=one.get("version", ""), source=_source(one, kind))
        if all(holds(marker, there, where, groups) for marker in _markers(one, kind)):
            found.setdefault(package.name, package)
    return tuple(found.values())


def as_source(packages: Sequence[Preferred], where: str) -> Source:
    """Returns a lock that does not say what it was asked for as a source: it asks for all that it has.

    Raises:
        UsageError: A package of it comes from no index.

    """
    for one in packages:
        if one.source and one.source != ITSELF:
            raise UsageError(
                f"{where}: {one.name} comes from a {one.source}; what is installed comes from an index, by version and "
                "hash.",
                f"Put a wheel of it on an index, and lock that. {OWN_MODULES}",
            )
    taken = [one for one in packages if not one.source]
    return Source(
        where=where,
        text="\n".join(one.name for one in taken),
        places=dict.fromkeys(range(1, len(taken) + 1), where),
        preferences={one.name: one.version for one in taken if one.version},
    )


def holds(marker: str, there: Mapping[str, str], where: str, groups: Sequence[str] = ()) -> bool:
    """Whether a marker of a lock holds; the groups are those that are asked for, and no extras are.

    Raises:
        UsageError: It is no marker.

    """
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison

    try:
        environment: dict[str, Any] = {**there, "extras": set(), "dependency_groups": set(groups)}
        return Marker(marker).evaluate(environment, context="lock_file")
    except (InvalidMarker, UndefinedComparison, KeyError) as wrong:
        raise UsageError(f"{where}: {marker[:80]!r} is no marker that can be tested.", "Lock it anew.") from wrong


def _check_format(document: Mapping[str, Any], kind: str, where: str) -> None:
    key, known = _FORMATS[kind]
    table = document.get("metadata", {}) if kind == "poetry.lock" else document
    said = str(table.get(key, "")) if isinstance(table, dict) else ""
    major = said.partition(".")[0]
    tool = _TOOLS.get(kind, "the tool that made it")
    if not major.isdecimal():
        raise UsageError(f"{where} does not say which format it has ({key}).", f"Make it anew with {tool}.")
    if int(major) > known:
        raise UsageError(
            f"{where} has the format {said}, and formats up to {known} are known.",
            f"Take a newer dagship, or make it with an older version of {tool}.",
        )


def _is_named(one: Mapping[str, Any]) -> bool:
    return isinstance(one.get("name"), str) and isinstance(one.get("version", ""), str)


def _markers(one: Mapping[str, Any], kind: str) -> Iterator[str]:
    """Markers that all have to hold."""
    if kind == "uv.lock":
        of_forks = [f"({marker})" for marker in one.get("resolution-markers", [])]
        if of_forks:
            yield " or ".join(of_forks)
        return
    if kind == "pylock":
        yield from (one["marker"],) if one.get("marker") else ()
        return
    given = one.get("markers", "")
    if isinstance(given, dict):  # one for each group that wants it
        given = "" if "" in given.values() else " or ".join(f"({marker})" for marker in given.values())
    if given:
        yield given
    yield from _of_python(str(one.get("python-versions", "*")))


def _of_python(versions: str) -> Iterator[str]:
    """The Pythons of a package of poetry's, as markers: older locks tell two of one name apart by nothing else."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        specifiers = SpecifierSet("" if versions == "*" else versions)
    except InvalidSpecifier:  # of poetry's own kind, which no index has
        return
    for one in specifiers:
        yield f'python_full_version {one.operator} "{one.version}"'


def _source(one: Mapping[str, Any], kind: str) -> str:
    if kind == "pylock":
        directory = one.get("directory")
        if isinstance(directory, dict) and directory.get("path") in (".", "./"):
            return ITSELF
        return next((key for key in ("directory", "vcs", "archive") if key in one), "")
    source = one.get("source", {})
    if not isinstance(source, dict):
        return ""
    if kind == "poetry.lock":
        return "" if source.get("type", "legacy") == "legacy" else str(source["type"])
    return next((key for key in ("virtual", "editable", "directory", "path", "git", "url") if key in source), "")
