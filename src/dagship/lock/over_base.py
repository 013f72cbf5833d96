"""What requirements mean over a base image, told without asking anyone: lines that cannot be met, and constraints.

Airflow itself comes from the base, and no constraint moves what the base has.
"""

import itertools
from collections.abc import Mapping, Sequence

from dagship.errors import Refused
from dagship.lock.requirements import AIRFLOW, Line, Source

# The SDK for tasks has versions of its own.
_RELEASED = ("apache-airflow", "apache-airflow-core")
_MANY = 4
_LONGEST = 300


def check(lines: Sequence[Line], packages: Mapping[str, str], there: Mapping[str, str], where: str) -> None:
    """Refuses lines of which can be told without asking anyone that they cannot be met.

    Args:
        lines: The requirements.
        packages: What the base image has.
        there: What markers are tested against.
        where: How the file is shown.

    Raises:
        Refused: A line asks for another Airflow than the base image's, or two of them exclude one another.

    """
    holding = [
        line for line in lines if line.requirement.marker is None or line.requirement.marker.evaluate(dict(there))
    ]
    for line in holding:
        _check_airflow(line, packages, where)
    for line, other in itertools.combinations(holding, 2):
        if line.name == other.name and _exclude_one_another(line, other):
            raise Refused(
                f"{where}: {line.requirement} ({line.called}) and {other.requirement} ({other.called}) "
                f"exclude one another: they ask for different versions of {line.name}.",
                "Take one of the two lines out.",
            )


def _exclude_one_another(line: Line, other: Line) -> bool:
    """Whether no exact version that one of them asks for is taken by the other: 2.1 takes 2.1+cpu, but not so back."""
    exact = [
        (one.version, against.requirement.specifier)
        for asking, against in ((line, other), (other, line))
        for one in asking.requirement.specifier
        if one.operator == "==" and "*" not in one.version
    ]
    return bool(exact) and not any(taking.contains(version, prereleases=True) for version, taking in exact)


def _check_airflow(line: Line, packages: Mapping[str, str], where: str) -> None:
    at = f"{line.at(where)}: '{line.requirement}'"
    if line.name == "airflow":
        raise Refused(
            f"{at} is not Airflow: on the index Airflow is named apache-airflow.",
            "Leave the line out, Airflow comes from the base image; its extras are written apache-airflow[NAME].",
        )
    has = packages.get(line.name)
    if line.name not in AIRFLOW or has is None:
        return
    if not line.requirement.specifier.contains(has, prereleases=True):
        exact = [one.version for one in line.requirement.specifier if one.operator == "==" and "*" not in one.version]
        other = (
            f"base --airflow {exact[0]} makes one of the release that the line asks for"
            if exact and line.name in _RELEASED
            else "base --airflow X makes one of a release that the line takes"
        )
        raise Refused(
            f"{at} would move Airflow, and the base image has {has}.",
            f"Airflow comes from the base image: {other}; or ask for {line.name}=={has}, or leave the line out.",
        )


def notes(source: Source, packages: Mapping[str, str]) -> tuple[str, ...]:
    """Returns sentences on what the base image is there for: Airflow itself, and its constraints."""
    airflow = packages.get("apache-airflow") or packages.get("apache-airflow-core", "")
    of_lines = [
        f"{line.at(source.where)}: Airflow {packages[line.name]} comes from the base image"
        + (
            f"; its extras are locked: {', '.join(sorted(line.requirement.extras))}."
            if line.requirement.extras
            else "."
        )
        for line in source.lines
        if line.name in _RELEASED and line.name in packages
    ]
    of_constraints = [
        f"{place}: the constraints of Airflow {release} are not fetched: the base image's own packages stand for them"
        + ("" if release == airflow or not release[0].isdigit() else f", and it has Airflow {airflow}")
        + ". What it does not have is as new as the lines allow."
        for place, release in source.releases.items()
    ]
    return (*of_lines, *of_constraints)


def bounding(
    limits: Sequence[Line], packages: Mapping[str, str], there: Mapping[str, str], where: str
) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """Returns the limits that the resolver has to keep, and sentences on those that the base image answers otherwise.

    Args:
        limits: Lines of constraints files.
        packages: What the base image has.
        there: What markers are tested against.
        where: How the first of the files is shown.

    """
    holding = [
        line for line in limits if line.requirement.marker is None or line.requirement.marker.evaluate(dict(there))
    ]
    other = [
        f"{line.name} {packages[line.name]}, not {line.requirement.specifier} ({line.at(where)})"
        for line in holding
        if line.name in packages and not line.requirement.specifier.contains(packages[line.name], prereleases=True)
    ]
    more = f", and {len(other) - _MANY} more" if len(other) > _MANY else ""
    told = f"Constraints move no package of the base image; it has {', '.join(other[:_MANY])}{more}."
    return tuple(line for line in holding if line.name not in packages), (told,) if other else ()


def not_kept(
    preferred: Mapping[str, str], unkept: Mapping[str, Mapping[str, str]], packages: Mapping[str, str]
) -> tuple[str, ...]:
    """Returns a line for each version of another tool's lock that could not be kept, with the reason.

    Args:
        preferred: The versions that were to be kept.
        unkept: What was resolved instead, and the resolver's words against what was preferred, by name.
        packages: What the base image has.

    """
    return tuple(
        f"{name} {preferred[name]} → {found['version']}: "
        + ("the base image has it" if name in packages else _reason(found["words"]))
        for name, found in unkept.items()
    )


def _reason(words: str) -> str:
    """The cause in a resolver's words, in one line."""
    cause = " ".join(words.replace("╰─▶", " ").split()).partition("Because ")[2].partition(", we can conclude")[0]
    if not cause:
        return "it does not fit beside the others that are kept"
    return cause if len(cause) <= _LONGEST else cause[:_LONGEST] + "…"
