"""The dependencies that a pyproject.toml declares, as a source of requirements. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dagship.errors import UsageError
from dagship.lock import pip_lines, poetry_tables
from dagship.lock.own.lines import Named, of_line
from dagship.lock.requirements import OWN_MODULES, Source, canonical

_ELSEWHERE = ("git", "url", "workspace")


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What of a project is asked for besides its dependencies.

    Attributes:
        groups: Dependency groups.
        extras: Optional dependencies.

    """

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


def source(
    document: Mapping[str, Any], text: str, where: str, chosen: Chosen, known: AbstractSet[str] = frozenset()
) -> Source:
    """Returns what a project depends on.

    Args:
        document: The pyproject.toml.
        text: Its text, for the lines of what it has.
        where: How it is shown.
        chosen: The groups and extras that are asked for.
        known: What settings name of indexes.

    Raises:
        UsageError: It declares no dependencies in a way that is known, or takes them from somewhere else.

    """
    try:
        return _source(document, text, where, chosen, known)
    except (AttributeError, TypeError, KeyError, ValueError) as broken:
        raise UsageError(
            f"{where}: a table of dependencies is not what it should be.", "Check it with its tool."
        ) from (broken)


def _source(document: Mapping[str, Any], text: str, where: str, chosen: Chosen, known: AbstractSet[str]) -> Source:
    tool = document.get("tool", {})
    poetry, uv = tool.get("poetry", {}), tool.get("uv", {})
    rows, places, own = list[str](), dict[int, str](), dict[str, Named]()
    paths = {name: one["path"] for name, one in _sources(uv) if "path" in one}
    asked = list(_asked(document, chosen, where))
    names = {canonical(name) for name, _ in asked}
    _check_indexes(poetry, uv, names, where, known)
    _check_sources(uv, names, where)
    for name, requirement in asked:
        at = f"{where}:{line}" if (line := _line(text, name, requirement)) else where
        named = of_line(_at_path(requirement, paths[canonical(name)]) if canonical(name) in paths else requirement)
        if named is not None:
            own[at if at not in own else f"{at} ({name})"] = named
        else:
            rows.append(requirement)
            places[len(rows)] = at
    limits = uv.get("constraint-dependencies", [])
    return Source(
        where=where,
        text="\n".join(rows),
        places=places,
        named=own,
        limits=Source(
            where=where,
            text="\n".join(limits),
            places={number: f"{where}:{_line(text, '', limit)}" for number, limit in enumerate(limits, 1)},
        )
        if limits
        else None,
    )


def _at_path(requirement: str, path: str) -> str:
    """A requirement with a path in the place of its versions."""
    from packaging.requirements import Requirement

    parsed = Requirement(requirement)
    extras = f"[{','.join(sorted(parsed.extras))}]" if parsed.extras else ""
    return f"{parsed.name}{extras} @ file:{quote(path)}" + (f" ; {parsed.marker}" if parsed.marker else "")


def _asked(document: Mapping[str, Any], chosen: Chosen, where: str) -> Iterator[tuple[str, str]]:
    project, poetry = document.get("project"), document.get("tool", {}).get("poetry", {})
    if project is not None and "dependencies" in project:
        yield from _of_project(document, project, chosen, where)
    elif "dependencies" in poetry:
        yield from poetry_tables.dependencies(poetry, chosen.groups, chosen.extras, where)
    elif project is not None and "dependencies" in project.get("dynamic", []):
        files = (
            document.get("tool", {}).get("setuptools", {}).get("dynamic", {}).get("dependencies", {}).get("file", "")
        )
        named = f" They are in {', '.join([files] if isinstance(files, str) else files)}." if files else ""
        raise UsageError(
            f"{where} leaves its dependencies to the tool that builds it (dynamic).{named}",
            "Name the file that has them with the setting requirements.",
        )
    elif project is not None or "dependency-groups" in document:
        yield from _of_project(document, project or {}, chosen, where)
    else:
        raise UsageError(
            f"{where} declares no dependencies: it has neither [project] nor [tool.poetry.dependencies].",
            "Name the file that has them with the setting requirements.",
        )


def _of_project(
    document: Mapping[str, Any], project: Mapping[str, Any], chosen: Chosen, where: str
) -> Iterator[tuple[str, str]]:
    extras = {canonical(name): value for name, value in project.get("optional-dependencies", {}).items()}
    own = canonical(project.get("name", ""))
    ahead = [*project.get("dependencies", ())]
    ahead += [one for extra in chosen.extras for one in _table(extras, extra, "optional dependencies", where)]
    groups = {canonical(name): value for name, value in document.get("dependency-groups", {}).items()}
    ahead += [one for group in chosen.groups for one in _of_group(groups, group, where, ())]
    done: set[str] = set()
    while ahead:
        one = ahead.pop(0)
        if one in done:
            continue
        done.add(one)
        name = canonical(re.split(r"[^A-Za-z0-9._-]", one)[0])
        itself = re.fullmatch(r"[A-Za-z0-9._-]+\s*\[([^\]]*)\]\s*(;.*)?", one) if own and name == own else None
        if itself is None:
            yield name, one
        else:  # the project names itself with extras: those are meant
            ahead += [
                each for extra in itself[1].split(",") for each in _table(extras, extra.strip(), "optional", where)
            ]


def _of_group(groups: Mapping[str, Any], name: str, where: str, above: Sequence[str]) -> Iterator[str]:
    if canonical(name) in above:
        raise UsageError(f"{where}: the dependency groups {', '.join(above)} include one another in a circle.")
    for one in _table(groups, name, "dependency group", where):
        if isinstance(one, dict):
            yield from _of_group(groups, one["include-group"], where, (*above, canonical(name)))
        else:
            yield one


def _table(tables: Mapping[str, Any], name: str, what: str, where: str) -> list[Any]:
    if canonical(name) not in tables:
        raise UsageError(f"{where} has no {name!r} as {what}.", f"It has: {', '.join(tables) or 'none'}.")
    return list(tables[canonical(name)])


def _check_sources(uv: Mapping[str, Any], names: AbstractSet[str], where: str) -> None:
    for name, one in _sources(uv):
        elsewhere = next((key for key in _ELSEWHERE if one.get(key)), "")
        if name in names and elsewhere:
            raise UsageError(
                f"{where}: [tool.uv.sources] takes {name} from a {elsewhere}; what is installed comes from an index, "
                "by version and hash.",
                f"Put a wheel of it on an index, and take its version. {OWN_MODULES}",
            )
        if name in names and "path" in one and "marker" in one:
            raise UsageError(
                f"{where}: [tool.uv.sources] takes {name} from {one['path']} only under a marker.",
                "Give the marker to the dependency itself, and take it out there.",
            )


def _check_indexes(
    poetry: Mapping[str, Any], uv: Mapping[str, Any], names: AbstractSet[str], where: str, known: AbstractSet[str]
) -> None:
    """Refuses indexes that settings do not name; of those for some packages alone, the ones that are asked for here."""
    used = {one.get("index") for name, one in _sources(uv) if name in names} | {
        one.get("source")
        for table in (poetry, *poetry.get("group", {}).values())
        for name, given in table.get("dependencies", {}).items()
        for one in (given if isinstance(given, list) else [given])
        if isinstance(one, dict) and canonical(name) in names
    }
    named = [
        ("[[tool.uv.index]]", one.get("url", ""), one.get("default", False))
        for one in uv.get("index", [])
        if not one.get("explicit") or one.get("name") in used
    ]
    named += [("[tool.uv] index-url", uv["index-url"], True)] if "index-url" in uv else []
    named += [("[tool.uv] extra-index-url", url, False) for url in uv.get("extra-index-url", [])]
    named += [
        ("[[tool.poetry.source]]", one.get("url", ""), False)
        for one in poetry.get("source", [])
        if one.get("priority") != "explicit" or one.get("name") in used
    ]
    for what, url, default in named:
        if url and pip_lines.without_credentials(url) not in known:
            setting = "index_url" if default else "extra_index_urls"
            raise pip_lines.of_an_index(what, url, where, setting)


def _sources(uv: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Packages that uv takes from a place of their own, and each of these."""
    for name, given in uv.get("sources", {}).items():
        yield from ((canonical(name), one) for one in (given if isinstance(given, list) else [given]))


def _line(text: str, name: str, requirement: str) -> int:
    """The line that has a requirement: as it is, or by its name in a table of poetry's; 0 where none is found."""
    for number, line in enumerate(text.split("\n"), 1):
        if f'"{requirement}"' in line or f"'{requirement}'" in line:
            return number
    own = re.compile(rf"""\s*["']?{re.escape(name)}["']?\s*=""", re.IGNORECASE)
    return next((number for number, line in enumerate(text.split("\n"), 1) if name and own.match(line)), 0)
