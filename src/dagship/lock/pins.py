"""Locks: packages with exact versions and hashes, read strictly, and what can be said of them without asking anyone."""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from dagship.errors import Refused, UsageError
from dagship.lock.requirements import canonical, logical_lines, option_advice, quoted
from dagship.model.artifacts import OwnPackage

_DIGITS = 16
LOCK_SUFFIX = ".lock.txt"
"""How the lock of a source is named that keeps its own name."""

PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*", re.ASCII)
"""A path that is written into a lock as it is."""

# What git leaves in a file of which it could not merge the two sides.
_UNMERGED = re.compile(r"(?:^|\s)[<>]{7}\s", re.MULTILINE)

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[[A-Za-z0-9._, -]*\])?==(?P<version>[A-Za-z0-9.!+_-]+)"
    r"(?:\s*;\s*(?P<marker>.+?))?(?P<hashes>(?:\s+--hash=sha256:[0-9a-f]{64})+)",
    re.ASCII,
)
_BEGIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==")
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_STAMP = re.compile(
    r"^# dagship: input=(?P<input>[0-9a-f]+) base=(?P<base>[0-9a-f]+) "
    r"python=(?P<python>[0-9.]+) (?:platform=(?P<platform>[a-z0-9_/,]+) )?text=(?P<text>[0-9a-f]+)$",
    re.MULTILINE | re.ASCII,
)
_OWN = re.compile(
    r"^# dagship: own=(?P<path>\.|[A-Za-z0-9][A-Za-z0-9._/-]*) (?P<name>[a-z0-9-]+)==(?P<version>[A-Za-z0-9.!+_-]+) "
    r"sha256:(?P<digest>[0-9a-f]{64})$",
    re.MULTILINE | re.ASCII,
)


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A line of a lock.

    Attributes:
        name: The package's canonical name.
        version: The exact version.
        marker: Where it applies, empty for everywhere.
        hashes: `sha256:…` of the files it may be.

    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    def __str__(self) -> str:
        """The line as pip and uv read it."""
        marker = f" ; {self.marker}" if self.marker else ""
        return " \\\n".join([f"{self.name}=={self.version}{marker}", *(f"    --hash={value}" for value in self.hashes)])


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """The origin of a lock, as the comment in it says.

    Attributes:
        input: Digest of the requirements.
        base: Digest of the base image's packages.
        python: Minor version of the base image's Python.
        text: Digest of the pins.
        platforms: `os/architecture` of the bases that it was resolved over, to the same end; none in locks of old.

    """

    input: str
    base: str
    python: str
    text: str
    platforms: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The comment."""
        platform = f" platform={','.join(self.platforms)}" if self.platforms else ""
        return f"# dagship: input={self.input} base={self.base} python={self.python}{platform} text={self.text}"

    def covers(self, wanted: "Stamp") -> bool:
        """Whether a lock with this stamp is current where one with `wanted` would be made."""
        known = not self.platforms or set(wanted.platforms) <= set(self.platforms)
        return known and self.differs_in_platform(wanted)

    def differs_in_platform(self, wanted: "Stamp") -> bool:
        """Whether both are the same, but perhaps for the platforms."""
        return replace(self, platforms=()) == replace(wanted, platforms=())


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A lock that was read.

    Attributes:
        pins: Its packages.
        stamp: What it was made of; None when another tool made it, or a hand changed it.
        own: The packages of the project that are built beside them.

    """

    pins: tuple[Pin, ...]
    stamp: Stamp | None
    own: tuple[OwnPackage, ...] = ()


def looks_locked(text: str) -> bool:
    """Whether a file is meant as a lock: it has hashes or our stamp."""
    return "--hash" in text or _STAMP.search(text) is not None


def is_unmerged(text: str) -> bool:
    """Whether git left both sides of a merge in a text."""
    return _UNMERGED.search(text) is not None


def is_of_another_tool(text: str) -> bool:
    """Whether a lock does not say that dagship made it."""
    return _STAMP.search(text) is None


def parse_lock(text: str, where: str) -> Lock:
    """Reads a lock: every package with an exact version and hashes, and nothing else.

    Args:
        text: As `decode` returned it.
        where: How the file is shown.

    Raises:
        UsageError: It is not a lock.

    """
    pins = []
    for number, content in logical_lines(text):
        match = _PIN.fullmatch(content)
        if match is None or not _is_marker(match["marker"]):
            shown = quoted(content.partition(" --hash")[0])
            missing = "--hash" not in content and "==" in content and not content.startswith("-")
            what = "has no hash" if missing else "is not a name, an exact version and hashes"
            raise UsageError(f"{where}:{number}: {shown} {what}, so {where} is not a lock.", _advice(content, where))
        hashes = tuple(sorted(set(_HASH.findall(match["hashes"]))))
        pins.append(
            Pin(
                name=canonical(match["name"]),
                version=match["version"],
                marker=match["marker"] or "",
                hashes=hashes,
            )
        )
    found = _STAMP.search(text)
    stamp = _stamp(found) if found else None
    own = tuple(OwnPackage(**one.groupdict()) for one in _OWN.finditer(text))
    return Lock(pins=tuple(pins), stamp=stamp if stamp and stamp.text == pins_digest(pins) else None, own=own)


def _stamp(found: "re.Match[str]") -> Stamp:
    said = found.groupdict()
    platform = said.pop("platform")
    return Stamp(**said, platforms=tuple(platform.split(",")) if platform else ())


def _advice(content: str, where: str) -> str:
    if is_unmerged(content):
        return (
            "Git left both sides of a merge in it. Take one of them whole (git checkout --ours or --theirs), then run "
            "lock, or the tool that made it: it goes on from the versions there."
        )
    option = option_advice(content)
    if option or content.startswith((".", "/", "file:")):
        return f"Remove the line. {option or option_advice('-e')}"
    source = f"{where.removesuffix('.txt')}.in"
    return (
        "A tool that writes locks can write the version and the hashes of every package (uv export, poetry export, "
        f"pip-compile --generate-hashes); or write what the DAGs need into {source}, and run lock."
    )


def _is_marker(text: str | None) -> bool:
    if text is None:
        return True

    from packaging.markers import Marker

    try:
        return bool(Marker(text))
    except ValueError:
        return False


def sha256(text: str) -> str:
    """Returns the SHA-256 of a text, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest(parts: Iterable[str]) -> str:
    """Returns a short digest of lines of text, in their order."""
    return sha256("\n".join(parts))[:_DIGITS]


def input_digest(text: str) -> str:
    """Returns the digest of a requirements file; order, blanks and comments do not count."""
    return digest(sorted("".join(line.split()) for _, line in logical_lines(text)))


def base_digest(packages: Mapping[str, str]) -> str:
    """Returns the digest of the base image's packages."""
    return digest(sorted(f"{name}=={version}" for name, version in packages.items()))


def pins_digest(pins: Iterable[Pin]) -> str:
    """Returns the digest of a lock's packages."""
    return digest(sorted(map(str, pins)))


def with_hashes(body: str, wanted: Mapping[str, Collection[str]]) -> str:
    """Returns packages as pip-compile wrote them, and of those that requirements have hashes of no other file.

    Raises:
        Refused: The index has none of these files.

    """
    kept: list[str] = []
    name = ""
    for line in body.splitlines():
        begin = _BEGIN.match(line)
        name = canonical(begin[1]) if begin else name
        if name in wanted and "--hash=" in line and not any(value in line for value in wanted[name]):
            continue
        kept.append(line)
    for at, line in enumerate(kept):
        more = at + 1 < len(kept) and "--hash=" in kept[at + 1]
        kept[at] = line if more else line.removesuffix(" \\")
        if _BEGIN.match(line) and not more:
            pin = line.split()[0]
            raise Refused(
                f"The index has other files of {pin} than the hashes in the requirements are of.",
                "Take the hashes of a version that is there; or take them out, and the lock has those of the index.",
            )
    return "".join(f"{line}\n" for line in kept)


def with_places(body: str, limited: Mapping[str, str]) -> str:
    """Returns packages as pip-compile wrote them, with the constraints file of each that one bounds.

    The resolver has all constraints in one file, which is named after the base image.
    """
    lines: list[str] = []
    name = ""
    for line in body.splitlines():
        begin = _BEGIN.match(line)
        name = canonical(begin[1]) if begin else name
        lines.append(re.sub("(?<=-c )base-image$", limited[name], line) if name in limited else line)
    return "".join(f"{line}\n" for line in lines)


def compose(
    body: str,
    left_out: Iterable[str],
    stamp: Stamp,
    command: str = "dagship lock",
    own: Iterable[OwnPackage] = (),
) -> str:
    """Returns the text of a lock.

    Args:
        body: The packages, as pip-compile wrote them.
        left_out: Pins of the base image that the index has no wheel of.
        stamp: What it was made of.
        command: The command that makes it anew.
        own: The packages of the project that are built beside them.

    """
    header = [
        "#",
        f"# This file is autogenerated by pip-compile with Python {stamp.python}",
        "# by the following command:",
    ]
    header += ["#", f"#    {command}", "#", str(stamp)]
    header += [f"# dagship: own={one.path} {one.name}=={one.version} sha256:{one.digest}" for one in own]
    header += ["#"]
    footer = [f"#   {pin}" for pin in left_out]
    if footer:
        footer = ["", "# In the base image, and without a wheel on the index; not installed again:", *footer]
    return "\n".join([*header, body.rstrip("\n"), *footer]).rstrip("\n") + "\n"
