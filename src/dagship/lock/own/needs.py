"""What packages of the project need, as requirements like any other. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import ValidationError

from dagship.errors import OutsideError, Refused, UsageError
from dagship.lock.own.lines import Own
from dagship.lock.requirements import Source, canonical
from dagship.model.artifacts import BaseImage, OwnPackage
from dagship.model.frozen import Artifact

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9.!+_-]+", re.ASCII)


class Described(Artifact):
    """What the wheel of a package says.

    Attributes:
        name: Its name.
        version: Its version.
        requires: What it needs.
        requires_python: The Pythons that it is for; empty for any.
        extras: The extras that it has.

    """

    name: str
    version: str
    requires: tuple[str, ...] = ()
    requires_python: str = ""
    extras: tuple[str, ...] = ()


def read(packages: object, count: int) -> tuple[Described, ...]:
    """Reads what the step that builds has left; the base image's Python wrote it, and may be anybody's.

    Args:
        packages: It.
        count: How many packages were to be built.

    Raises:
        OutsideError: It is no such thing.

    """
    try:
        found = tuple(map(Described.model_validate, packages if isinstance(packages, list) else []))
    except ValidationError as broken:
        raise OutsideError("The step that builds packages left no result.", "", str(broken)) from broken
    if len(found) != count or not all(_NAME.fullmatch(one.name) and _VERSION.fullmatch(one.version) for one in found):
        raise OutsideError("The step that builds packages left no result.", "", "It does not have the packages.")
    return found


def packages(own: Sequence[Own], described: Sequence[Described]) -> tuple[OwnPackage, ...]:
    """Returns packages as a lock has them."""
    return tuple(
        OwnPackage(path=one.path, name=canonical(said.name), version=said.version, digest=one.digest)
        for one, said in zip(own, described, strict=True)
    )


def with_needs(source: Source, described: Sequence[Described], base: BaseImage, there: Mapping[str, str]) -> Source:
    """Returns requirements with what the project's own packages need beside them.

    Args:
        source: The requirements.
        described: What the wheels of `source.own` say, in their order.
        base: The base image.
        there: What markers are tested against.

    Raises:
        Refused: The packages do not go with the base, or with one another.
        UsageError: What one of them needs is no requirement.

    """
    versions = _versions(source.own, described, base)
    rows, places = source.text.split("\n"), dict(source.places)
    for own, one in zip(source.own, described, strict=True):
        who = own.path if own.path != "." else f"{one.name} of the project"
        _check(own, one, base)
        for need in _holding(own, one, there):
            name = canonical(need.name)
            if name not in versions:
                rows.append(str(need))
                places[len(rows)] = who
            elif not need.specifier.contains(versions[name], prereleases=True):
                raise Refused(
                    f"{who} needs {need}, and the project has {name} {versions[name]}.", "Mend one of the two."
                )
    return replace(source, text="\n".join(rows), places=places)


def check_apart(own: Mapping[str, str], locked: Collection[str]) -> None:
    """Refuses packages of the index with the name of one of the project's.

    Args:
        own: Name of each package of the project to its directory.
        locked: The packages that were resolved.

    Raises:
        Refused: One was resolved.

    """
    for name in sorted(own.keys() & set(locked)):
        raise Refused(
            f"{name} is the project's own package {own[name]}, and a line or a package of the index asks for the "
            "index's as well.",
            f"Give the project's package another name; or put it on an index, and ask for {name} there alone.",
        )


def _versions(own: Sequence[Own], described: Sequence[Described], base: BaseImage) -> dict[str, str]:
    versions: dict[str, str] = {}
    for one, said in zip(own, described, strict=True):
        name = canonical(said.name)
        if name in base.packages:
            raise Refused(
                f"{one.place}: {one.path} is {name} {said.version}, and the base image has {name} "
                f"{base.packages[name]} already.",
                "Give the package another name; or take a base image without it, where the base has it from you.",
            )
        if name in versions:
            raise Refused(f"{one.place}: {one.path} is the second package named {name}.", "Give one another name.")
        versions[name] = said.version
    return versions


def _check(own: Own, one: Described, base: BaseImage) -> None:
    from packaging.specifiers import SpecifierSet

    if not SpecifierSet(one.requires_python).contains(base.python_version, prereleases=True):
        raise Refused(
            f"{own.place}: {own.path} is for Python {one.requires_python}, and {base.reference} has "
            f"{base.python_version}.",
            "Take a base with such a Python, or mend what the package says (requires-python).",
        )
    known = {canonical(extra) for extra in one.extras}
    for extra in own.extras:
        if canonical(extra) not in known:
            has = ", ".join(sorted(known)) or "none"
            raise UsageError(f"{own.place}: {own.path} has no extra {extra!r}.", f"It has: {has}.")


def _holding(own: Own, one: Described, there: Mapping[str, str]) -> "Iterator[Requirement]":
    from packaging.requirements import InvalidRequirement, Requirement

    for text in one.requires:
        try:
            need = Requirement(text)
        except InvalidRequirement as wrong:
            raise UsageError(
                f"{own.path} needs {text[:80]!r}, which is no requirement.", "Mend it in that package."
            ) from wrong
        if need.marker is None or any(
            need.marker.evaluate({**there, "extra": canonical(extra)}) for extra in ("", *own.extras)
        ):
            need.marker = None
            yield need
