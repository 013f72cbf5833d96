"""The report of the resolver where requirements have no solution. Frozen values."""

from collections.abc import Mapping
from typing import Literal

from dagship.model.frozen import Artifact

Kind = Literal[
    "index", "tool", "unsatisfiable", "base", "lines", "limits", "line", "no-package", "no-version", "other-python",
    "source-only", "no-record", "no-extra",
]  # fmt: skip


class Package(Artifact):
    """A package in a solution.

    Attributes:
        name: Canonical name.
        version: Its version.

    """

    name: str
    version: str


class Ask(Artifact):
    """A demand of one of the user's lines on a package, by way of others.

    Attributes:
        line: Number of the line.
        path: The packages between the line and the package asked for, from the one that the line names; empty when the
            line names it itself.
        specifier: The versions asked for.

    """

    line: int
    path: tuple[Package, ...]
    specifier: str


class Need(Package):
    """A requirement that a package of the base has of another.

    Attributes:
        specifier: The versions asked for.
        forbids: Whether those exclude every version that the user's line would take.

    """

    specifier: str
    forbids: bool


class PinnedPackage(Package):
    """A package of the base that is in the way.

    Attributes:
        chain: What of the user's asks for another version; None when that was not found out.
        needed_by: The packages of the base that want it.

    """

    chain: Ask | None
    needed_by: tuple[Need, ...]


class Meeting(Artifact):
    """A package of which lines ask what excludes one another.

    Attributes:
        name: Canonical name.
        asked: What each asks.

    """

    name: str
    asked: tuple[Ask, ...]


class Failure(Artifact):
    """The report of the resolver (`inside/resolve/main.py`).

    Attributes:
        kind: What is wrong.
        log: The resolvers' own words.
        lines: Numbers of the lines that it is about.
        names: The packages that the index lacks, or of the base that cannot be taken out.
        versions: The newest version there is of them, or nothing.
        pins: What of the base is in the way.
        meetings: Where lines exclude one another.
        limits: The constraints that are in the way.
        instead: Number of a line to the version of its package that would fit, empty when none does; a line for which
            that was not found out is not in it.
        besides: Further conflicts, of other lines.

    """

    kind: Kind
    log: str = ""
    lines: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    pins: tuple[PinnedPackage, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    limits: tuple[str, ...] = ()
    instead: Mapping[str, str] = {}
    besides: tuple["Failure", ...] = ()
