"""The dependencies of poetry's own tables in pyproject.toml, as requirements (PEP 508). Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from dagship.errors import UsageError
from dagship.lock.requirements import OWN_MODULES

_ELSEWHERE = ("git", "file", "url")


def dependencies(
    poetry: Mapping[str, Any], groups: Sequence[str], extras: Sequence[str], where: str
) -> Iterator[tuple[str, str]]:
    """Returns the requirements of a `[tool.poetry]`, each with the name by which the file has it.

    Args:
        poetry: The table.
        groups: The groups that are asked for besides the main one.
        extras: The extras that are asked for.
        where: How the file is shown.

    Raises:
        UsageError: A dependency says what no requirement can, or there is no such group or extra.

    """
    of_extras = _named(poetry.get("extras", {}), extras, "an extra", where)
    wanted = {re.split(r"[^A-Za-z0-9._-]", name)[0] for names in of_extras for name in names}
    tables = [table.get("dependencies", {}) for table in _named(poetry.get("group", {}), groups, "a group", where)]
    for table in (poetry.get("dependencies", {}), *tables):
        for name, given in table.items():
            for one in given if isinstance(given, list) else [given]:
                if name != "python" and not (isinstance(one, dict) and one.get("optional") and name not in wanted):
                    yield name, _requirement(name, one, where)


def _named(tables: Mapping[str, Any], names: Sequence[str], what: str, where: str) -> list[Any]:
    for name in names:
        if name not in tables:
            raise UsageError(f"{where} has no {name!r} as {what}.", f"It has: {', '.join(tables) or 'none'}.")
    return [tables[name] for name in names]


def _requirement(name: str, given: object, where: str) -> str:
    if isinstance(given, str):
        given = {"version": given}
    at = f"{where}: {name}"
    if not isinstance(given, dict):
        raise UsageError(f"{at} is neither a version nor a table.", f'Write it as: {name} = "^1.2"')
    elsewhere = next((key for key in _ELSEWHERE if key in given), "")
    if elsewhere:
        raise UsageError(
            f"{at} comes from a {elsewhere}; what is installed comes from an index, by version and hash.",
            f"Put a wheel of it on an index, and take its version. {OWN_MODULES}",
        )
    extras = f"[{','.join(given['extras'])}]" if given.get("extras") else ""
    markers = [f"({given['markers']})"] if given.get("markers") else []
    markers += [f'sys_platform == "{given["platform"]}"'] if given.get("platform") else []
    for part in specifier(str(given.get("python", "*")), at).split(",") if given.get("python") else ():
        operator, version = re.match(r"([<>=!~]+)(.*)", part).groups()  # type: ignore[union-attr]
        markers.append(f'python_full_version {operator} "{version}"')
    versions = f" @ file:{quote(given['path'])}" if "path" in given else specifier(str(given.get("version", "*")), at)
    return f"{name}{extras}{versions}" + (f" ; {' and '.join(markers)}" if markers else "")


def specifier(constraint: str, at: str) -> str:
    """Returns a version constraint of poetry's as a specifier of PEP 440.

    Raises:
        UsageError: It cannot be written as one.

    """
    if "|" in constraint:
        raise UsageError(
            f"{at}: {constraint!r} is one of several ranges, which no requirement can say.",
            "Take the range that is needed; or two entries with markers, for two Pythons.",
        )
    parts = [part for part in re.split(r"\s*,\s*|(?<=[\w*])\s+(?=[\^~<>=!])", constraint.strip()) if part]
    return ",".join(filter(None, (_part(part.replace(" ", ""), at) for part in parts)))


def _part(part: str, at: str) -> str:
    from packaging.version import InvalidVersion, Version

    if part == "*":
        return ""
    operator, version = re.match(r"([\^~<>=!]*)(.*)", part).groups()  # type: ignore[union-attr]
    if operator not in ("^", "~"):
        return f"{operator if operator not in ('', '=') else '=='}{version}"
    try:
        release = Version(version).release
    except InvalidVersion as wrong:
        raise UsageError(f"{at}: {part!r} is no version.", 'Write it as: "^1.2"') from wrong
    if operator == "~":
        last = min(1, len(release) - 1)
    else:
        last = next((index for index, number in enumerate(release) if number), len(release) - 1)
    above = ".".join(map(str, (*release[:last], release[last] + 1)))
    return f">={version},<{above}"
