"""Explains why requirements have no solution: the fewest lines and pins of the base that exclude one another.

The set is found by QuickXplain (Junker 2004) with uv as the oracle: a question takes it a fraction of a second once its
cache is warm. What the index itself lacks is asked of the index.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Optional

from packaging.specifiers import SpecifierSet

from . import dependency_paths
from .base_needs import Needs, name_of
from .oracle import Line, Oracle
from .solver import Solver

SEARCH, TELLING = 40.0, 40.0
"""Seconds in which the index may be asked, for the search and for putting what was found into words."""

_TOO_MANY = 8
"""More pins than these explain nothing."""

_SEVERAL = 4
"""More conflicts than these are not told at once."""

_MISSING = re.compile(r"([A-Za-z0-9._-]+) was not found in the package registry")
_UNBUILT = re.compile(r"Wheels are required for `([^`]+)`")


def explain(over_base: Solver, job: "dict[str, Any]", needs: Needs, words: str) -> "dict[str, Any]":
    """Returns what the host tells the user, as `conflict.Failure` reads it.

    Args:
        over_base: The resolvers.
        job: The job that has no solution.
        needs: What the base has, and needs of what moves.
        words: What uv said of the whole.

    """
    oracle = Oracle(over_base, SEARCH)
    pins = {name: f"{name}=={version}" for name, version in job["base"].items()}
    staying = [pin for name, pin in pins.items() if name not in job["moving"]]
    base = [*staying, *needs.constraints, *job["limits"]]
    of_base = Base(base, {name: pins[name] for name in job["moving"]}, needs.distributions, job["limits"])
    conflicts: list[Conflict] = []
    left = job["lines"]
    while len(conflicts) < _SEVERAL:
        conflicts.append(_conflict(oracle, left, base, words))
        left = [line for line in left if line not in conflicts[-1].lines]
        rest = oracle.ask(left, base)
        if rest.fits is not False:
            break
        words = rest.words
    # With what else is in conflict no version of anything would fit.
    others = left if len(conflicts) < _SEVERAL else None
    oracle.allow(TELLING)
    told = [_told(oracle, over_base, conflict, others, of_base) for conflict in conflicts]
    clear = [one for one in told if one["kind"] != "unsatisfiable"] or told[:1]
    return {**clear[0], "besides": clear[1:]}


class Base(NamedTuple):
    """What the base has and limits.

    Attributes:
        constraints: Everything that the resolver has to keep: pins, needs of what moves, limits.
        moving: The pins of what moves, `name==version`, by name.
        installed: What is there, as `installed` describes it.
        limits: The limits of constraints files.

    """

    constraints: "list[str]"
    moving: "dict[str, str]"
    installed: "list[dict[str, Any]]"
    limits: "list[str]"


class Conflict(NamedTuple):
    """Lines, and pins of the base, that together have no solution, and of which every part has one.

    Attributes:
        lines: The lines.
        pins: The pins, `name==version`, and the needs of what moves, `name>=version`.
        alone: Whether the lines have no solution without the base either.

    """

    lines: "list[Line]"
    pins: "list[str]"
    alone: bool


def _conflict(oracle: Oracle, all_lines: "list[Line]", base: "list[str]", words: str) -> Conflict:
    lines, pins = _suspects(all_lines, base, words)
    if not lines or oracle.fits(lines, pins):
        lines, pins = all_lines, base
    lines = smallest(lines, lambda some: oracle.fits(some, pins))
    pins = smallest(pins, lambda some: oracle.fits(lines, some))
    return Conflict(lines, pins, alone=len(pins) <= 1 and not oracle.fits(lines, []))


def _told(
    oracle: Oracle, over_base: Solver, conflict: Conflict, others: "Optional[list[Line]]", base: Base
) -> "dict[str, Any]":
    lines, pins, lines_alone = conflict
    if lines_alone and len(lines) == 1:
        return {"lines": [lines[0]["line"]], **alone(over_base, lines[0])}
    if lines_alone:
        return {"kind": "lines", "lines": _numbers(lines), "meetings": dependency_paths.meetings(oracle, lines)}
    limiting = [pin for pin in pins if pin in base.limits]
    if limiting:
        there = {one["name"]: one["version"] for one in base.installed}
        beside = [(name_of(pin), pin.partition("==")[2]) for pin in pins if pin not in base.limits]
        versions = {name: there.get(name, version) for name, version in beside}
        in_the_way = [{"name": name, "version": versions[name], "chain": None, "needed_by": []} for name in versions]
        return {"kind": "limits", "lines": _numbers(lines), "limits": limiting, "pins": in_the_way}
    if not pins or (oracle.unsure and len(pins) > _TOO_MANY):
        return {"kind": "unsatisfiable"}
    instead = {}
    for line in lines:
        # Of a package of the base the version that is there is what surely goes with it.
        stays = [base.moving[line["name"]]] if line["name"] in base.moving else []
        instead[str(line["line"])] = _instead(oracle, line, lines, others, [*base.constraints, *stays])
    in_the_way = dependency_paths.to_pins(oracle, lines, pins, base.constraints, base.installed)
    if oracle.unsure and any(pin["chain"] for pin in in_the_way):
        in_the_way = [pin for pin in in_the_way if pin["chain"]]
    return {
        "kind": "base",
        "lines": _numbers(lines),
        "pins": in_the_way,
        "instead": {number: version for number, version in instead.items() if version is not None},
    }


def _suspects(lines: "list[Line]", base: "list[str]", words: str) -> "tuple[list[Line], list[str]]":
    """The lines and pins that uv speaks of: nearly always all that are needed, and far fewer than there are."""
    spoken = set(re.findall(r"[a-z0-9][a-z0-9.-]*", words))
    return (
        [line for line in lines if line["name"] in spoken],
        [pin for pin in base if name_of(pin) in spoken],
    )


def smallest(items: "list[Any]", fits: "Callable[[list[Any]], bool]") -> "list[Any]":
    """Returns items that together do not fit, and of which every smaller part does, in the order of `items`.

    Args:
        items: Things that together do not fit.
        fits: Whether some of them do.

    """

    def search(background: "list[Any]", added: "list[Any]", candidates: "list[Any]") -> "list[Any]":
        if added and not fits(background):
            return []
        if len(candidates) == 1:
            return candidates
        half = len(candidates) // 2
        first, second = candidates[:half], candidates[half:]
        needed = search(background + first, first, second)
        return search(background + needed, needed, first) + needed

    return search([], [], items) if items else []


def alone(over_base: Solver, line: Line) -> "dict[str, Any]":
    """Returns why one line has no solution even without the base: what the index has of that package."""
    name, wanted = line["name"], SpecifierSet(line["specifier"])

    def has(*options: str) -> "tuple[bool, list[str]]":
        versions = over_base.versions(name, "--pre", *options)
        return any(wanted.contains(version, prereleases=True) for version in versions), versions

    found: dict[str, Any] = {"kind": "no-package", "names": [name]}
    if not has(*over_base.formats)[0]:
        matches, here = has()
        matches_elsewhere, anywhere = has("--ignore-requires-python")
        newest = (over_base.versions(name) or here or anywhere)[:1]
        if matches:
            found["kind"] = "source-only"
        elif matches_elsewhere:
            found.update(kind="other-python", versions=newest if here else [])
        elif anywhere:
            found.update(kind="no-version", versions=newest)
        return found
    words = over_base.uv([line["text"]], []).words
    for kind, pattern in (("no-package", _MISSING), ("source-only", _UNBUILT)):
        names = sorted(set(pattern.findall(words)))
        if names:
            return {"kind": kind, "names": names}
    return {"kind": "line", "names": [name], "log": words}


def _instead(
    oracle: Oracle, line: Line, lines: Sequence[Line], others: "Optional[Sequence[Line]]", base: Sequence[str]
) -> "Optional[str]":
    """The version that a line would get without its own limits, empty when there is none, None when that is unknown."""
    if others is None:
        return None
    beside = [one for one in lines if one is not line]
    graph = oracle.newest([*others, *beside, {**line, "text": line["free"]}], base)
    if graph is None or (beside and not graph):  # another line of the conflict may be what no version of this one fits
        return None
    return graph[line["name"]].version if line["name"] in graph else ""


def _numbers(lines: Sequence[Line]) -> "list[int]":
    return [line["line"] for line in lines]
