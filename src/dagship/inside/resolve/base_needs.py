"""The needs that the packages of the base have of one another: what holds for one of them that moves. Pure.

A need that the base does not meet itself is nobody's fault who builds on it: it is told apart, and limits nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

Distribution = dict[str, Any]


class Needs(NamedTuple):
    """What the base's packages need of one another.

    Attributes:
        distributions: The packages, without the needs that the base does not meet itself.
        constraints: What those that stay need of those that move, as lines for a resolver.
        contradictions: The needs that the base does not meet: `name`, `version`, `needs`, `has`.

    """

    distributions: "list[Distribution]"
    constraints: "list[str]"
    contradictions: "list[dict[str, str]]"


def read(distributions: "list[Distribution]", moving: Sequence[str]) -> Needs:
    """Returns the needs of the base.

    Args:
        distributions: What is installed, as `installed` describes it.
        moving: Names of the packages that move.

    """
    versions = {one["name"]: one["version"] for one in distributions}
    constraints: set[str] = set()
    contradictions: list[dict[str, str]] = []
    unmet: dict[str, set[str]] = {}
    for one, text, need in _holding(distributions):
        name = canonicalize_name(need.name)
        if name not in versions or not need.specifier:
            continue
        if not need.specifier.contains(versions[name], prereleases=True):
            unmet.setdefault(one["name"], set()).add(text)
            needs, has = f"{name}{need.specifier}", f"{name} {versions[name]}"
            contradictions.append({"name": one["name"], "version": one["version"], "needs": needs, "has": has})
        elif name in moving and one["name"] not in moving:
            constraints.add(f"{name}{need.specifier}")
    kept = [
        {**one, "requires": [text for text in one["requires"] if text not in unmet.get(one["name"], ())]}
        for one in distributions
    ]
    return Needs(kept, sorted(constraints), contradictions)


def name_of(constraint: str) -> str:
    """Returns the package that a constraint is about, a pin or a need."""
    return canonicalize_name(Requirement(constraint).name)


def _holding(distributions: "list[Distribution]") -> "Iterator[tuple[Distribution, str, Requirement]]":
    """Each need that holds, also those of extras by which one package of the base needs another."""
    parsed = [(one, text, need) for one in distributions for text, need in _parsed(one["requires"])]
    extras: dict[str, set[str]] = {one["name"]: {""} for one in distributions}
    found = -1
    while found != sum(map(len, extras.values())):
        found = sum(map(len, extras.values()))
        for one, _, need in parsed:
            if need.extras and _holds(need, extras[one["name"]]):
                extras.setdefault(canonicalize_name(need.name), {""}).update(need.extras)
    return (each for each in parsed if _holds(each[2], extras[each[0]["name"]]))


def _parsed(requires: Sequence[str]) -> "Iterator[tuple[str, Requirement]]":
    for text in requires:
        try:
            yield text, Requirement(text)
        except InvalidRequirement:
            continue  # from before PEP 508; uv and pip have read it in their own way


def _holds(need: Requirement, extras: "set[str]") -> bool:
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras)
