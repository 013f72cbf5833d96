"""Finds the paths from the user's lines to a package, in a solution in which the conflict is left out."""

from collections.abc import Sequence
from typing import Any, Optional

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from .base_needs import name_of
from .oracle import Graph, Line, Oracle


def to_pins(
    oracle: Oracle,
    lines: "list[Line]",
    pins: Sequence[str],
    base: Sequence[str],
    installed: "list[dict[str, Any]]",
) -> "list[dict[str, Any]]":
    """Returns each package that is in the way: what of the user's leads to it, and who in the base wants it."""
    needs = {one["name"]: one["requires"] for one in installed}
    versions = {one["name"]: one["version"] for one in installed}
    found: dict[str, dict[str, Any]] = {}
    for pin in pins:
        name = name_of(pin)
        version = versions.get(name) or pin.partition("==")[2]
        # Without this one pin there is a solution, and it breaks the pin.
        free = ([one for one in base if one != pin], [one for one in pins if one != pin])
        solution = oracle.solution(lines, free[0]) or oracle.solution(lines, free[1])
        chain = _chain(oracle, solution, lines, needs, name, version)
        asked = chain["specifier"] if chain else ""
        candidates = (
            [one for one in oracle.resolvers.versions(name) if SpecifierSet(asked).contains(one)] if asked else []
        )
        needed_by = [
            {
                "name": one["name"],
                "version": one["version"],
                "specifier": specifier,
                "forbids": bool(candidates) and not any(map(SpecifierSet(specifier).contains, candidates)),
            }
            for one in installed
            for specifier in asks(one["requires"], name)
        ]
        found.setdefault(name, {"name": name, "version": version, "chain": chain, "needed_by": needed_by})
    return list(found.values())


def meetings(oracle: Oracle, lines: Sequence[Line]) -> "list[dict[str, Any]]":
    """Returns the package at which lines that exclude one another meet, and what each of them asks of it."""
    graphs = [oracle.newest([line], []) or {} for line in lines]
    names = dict.fromkeys(name for one in graphs for name in one)
    shared = [name for name in names if len({one[name].version for one in graphs if name in one}) > 1]
    # What a line names itself comes first: it is what the user can change.
    own = {line["name"] for line in lines}
    for name in sorted(shared, key=lambda name: name not in own):
        asked = [one for line, found in zip(lines, graphs) for one in _asked(oracle, found, line, name)]  # noqa: B905
        if len(asked) > 1:
            return [{"name": name, "asked": asked}]
    return []


def _asked(oracle: Oracle, found: Graph, line: Line, name: str) -> "list[dict[str, Any]]":
    if name == line["name"]:
        return [{"line": line["line"], "path": [], "specifier": line["specifier"]}]
    for parent in found[name].via if name in found else ():
        for specifier in (
            asks(oracle.resolvers.requires(parent, found[parent].version), name, extras=True) if parent in found else ()
        ):
            if specifier:
                return [_link(found, [line], parent, specifier)]
    return []


def _chain(  # noqa: PLR0917 - one question, all of its parts
    oracle: Oracle, solution: Graph, lines: "list[Line]", needs: "dict[str, list[str]]", name: str, version: str
) -> "Optional[dict[str, Any]]":
    """From one of the lines to a package: the line, the packages between, and what the last one asks for."""
    for line in lines:
        if line["name"] == name and _excludes(line["specifier"], version):
            return {"line": line["line"], "path": [], "specifier": line["specifier"]}
    for parent in solution[name].via if name in solution else ():
        if parent not in solution:
            continue
        of_base = parent in needs and not solution[parent].hashes
        requires = needs[parent] if of_base else oracle.resolvers.requires(parent, solution[parent].version)
        for specifier in asks(requires, name, extras=True):
            if _excludes(specifier, version):
                return _link(solution, lines, parent, specifier)
    return None


def _link(found: Graph, lines: Sequence[Line], parent: str, specifier: str) -> "dict[str, Any]":
    """The shortest way through a solution from one of the lines to the package that asks."""
    numbers = {line["name"]: line["line"] for line in lines}
    queue, seen = [[parent]], {parent}
    while queue:
        way = queue.pop(0)
        if way[0] in numbers:
            path = [{"name": name, "version": found[name].version} for name in way]
            return {"line": numbers[way[0]], "path": path, "specifier": specifier}
        for above in found[way[0]].via:
            if above in found and above not in seen:
                seen.add(above)
                queue.append([above, *way])
    path = [{"name": parent, "version": found[parent].version}]
    return {"line": lines[0]["line"], "path": path, "specifier": specifier}


def asks(requires: Sequence[str], name: str, *, extras: bool = False) -> "list[str]":
    """Returns what a package's requirements ask of another, as specifiers.

    Args:
        requires: `Requires-Dist` of the package.
        name: The other one.
        extras: Whether what only its extras ask for counts as well.

    """
    found: list[str] = []
    optional: list[str] = []
    for text in requires:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # from before PEP 508; uv and pip have read it in their own way
        if canonicalize_name(requirement.name) == name:
            always = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            (found if always else optional).append(str(requirement.specifier))
    return found or (optional if extras else [])


def _excludes(specifier: str, version: str) -> bool:
    return not SpecifierSet(specifier).contains(version, prereleases=True)
