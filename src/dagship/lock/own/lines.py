"""Requirements that name a package of the project by its directory, told from all others. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from dagship.model.own_packages import digest_of

_EDITABLE = re.compile(r"(?:-e\s*|--editable(?:\s+|\s*=\s*))(\S.*)")
_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[^\]]*\])?\s*@\s*(file:\S*)(.*)")
_FRAGMENT = re.compile(r"#egg=[A-Za-z0-9._-]*(\[[^\]]*\])?$")
_EXTRAS = re.compile(r"\[([A-Za-z0-9._,\s-]*)\]$")
# What lies at a path and is no directory.
_FILE = re.compile(r"\.(whl|zip|egg|tar\.gz|tgz|tar\.bz2|txt|in|toml|cfg|py)$")


@dataclass(frozen=True, kw_only=True)
class Named:
    """A directory, as a line names it.

    Attributes:
        path: As it is written, without `file:`.
        extras: The extras that are asked for.
        marker: Where it is asked for, empty for everywhere.

    """

    path: str
    extras: tuple[str, ...] = ()
    marker: str = ""


@dataclass(frozen=True, kw_only=True)
class Own:
    """A package of the project that is asked for.

    Attributes:
        path: Its directory in the project; `.` for the project itself.
        extras: The extras that are asked for.
        place: What asks for it: a file, and its line.
        archive: Its sources, a tar archive that is the same for the same ones.

    """

    path: str
    extras: tuple[str, ...]
    place: str
    archive: bytes

    @property
    def digest(self) -> str:
        """The digest of its sources."""
        return digest_of(self.archive)

    def __str__(self) -> str:
        """What a lock of it is made of."""
        return f"-e {self.path}[{','.join(sorted(self.extras))}] sha256:{self.digest}"


def of_line(content: str) -> Named | None:
    """Returns the directory that a line names; None for any other line.

    Args:
        content: The line, without its comment: `-e .`, `./libs/ours[spark]`, `ours @ file:libs/ours`.

    """
    editable, named = _EDITABLE.fullmatch(content), _NAMED.fullmatch(content)
    if named is not None:
        rest, extras = f"{named[2]}{named[3]}", named[1] or ""
    else:
        rest, extras = (editable[1] if editable else content), ""
    place, _, marker = rest.partition(" ;") if " ;" in rest else rest.partition("; ")
    place = place.strip()
    if (fragment := _FRAGMENT.search(place)) is not None:
        place, extras = place[: fragment.start()], fragment[1] or extras
    if (found := _EXTRAS.search(place)) is not None:
        place, extras = place[: found.start()], found[0]
    is_url = place.startswith("file:")
    place = re.sub(r"^file:(//(localhost)?(?=/|\.))?", "", place)
    looks_like_one = is_url or editable is not None or place in (".", "..") or "/" in place
    if not looks_like_one or not place or "://" in place or _FILE.search(place) or re.search(r"\s|[<>=~@;]", place):
        return None
    names = tuple(name.strip() for name in extras.strip("[]").split(",") if name.strip())
    return Named(path=unquote(place) if is_url else place, extras=names, marker=marker.strip())
