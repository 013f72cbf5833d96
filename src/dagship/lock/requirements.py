"""Requirement files, read strictly: what is not plainly a requirement is refused, with file and line.

Every line goes from here to pip and uv as it was parsed, never as it was written: a name, extras, versions and markers
cannot be an option, an address or a path.
"""

import re
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from dagship import redaction
from dagship.errors import UsageError
from dagship.lock.own.lines import Named, Own

if TYPE_CHECKING:
    from packaging.requirements import Requirement

AIRFLOW = ("apache-airflow", "apache-airflow-core", "apache-airflow-task-sdk")
"""Airflow itself: it comes from the base image, and never moves."""

LIMIT = 10_000_000
"""Bytes of a requirements file, and of all together that one names."""

_SHOWN = 80
_COMMENT = re.compile(r"(^|\s)#.*$")
_UNUSUAL = re.compile(r"[^\t\n -~]")

_ALMOST_EXACT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*(?:\[.*\])?)(?:\s*=\s*|\s+)v?(\d[\w.!+*-]*)", re.ASCII)

_OPTIONS = {
    ("-e", "--editable"): (
        "Modules of your own can lie beside the DAGs, or where the setting include names them; a package of the "
        "project is named by its directory, in the source of a lock. Of any other put a wheel on an index, and name "
        "its version."
    ),
    ("-r", "--requirement"): "A lock is one file, with every line of those that it is made of.",
    ("-c", "--constraint"): "A lock is one file; its own exact versions are all the constraints there are.",
    ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--no-index", "--trusted-host"): (
        "Give indexes with the settings index_url, extra_index_urls or pip_conf; they travel as secrets."
    ),
    ("--no-binary", "--only-binary", "--prefer-binary"): (
        "Wheels are what is installed; the setting source_packages names packages that are built from source."
    ),
}
OWN_MODULES = "Modules of your own can lie beside the DAGs, or where the setting include names them."
_EXAMPLE = "Write a name with extras, versions and markers, as: pandas[parquet]>=2.2,<3"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A requirement of the user's.

    Attributes:
        number: Its line in the file, from 1; of a line that another file brings, a number after these.
        name: The package's canonical name.
        requirement: It, parsed.
        place: File and line of one that another file brings.

    """

    number: int
    name: str
    requirement: "Requirement"
    place: str = ""

    @property
    def called(self) -> str:
        """The line for people who know which file is spoken of."""
        return self.place or f"line {self.number}"

    def at(self, where: str) -> str:
        """Returns file and line, where `where` is the file of all that have no place of their own."""
        return self.place or f"{where}:{self.number}"

    @property
    def bound(self) -> str:
        """The limits on the version alone, as a constraint: those have no extras."""
        return f"{self.name}{self.requirement.specifier}"

    @property
    def free(self) -> str:
        """The same without limits on the version."""
        extras = f"[{','.join(sorted(self.requirement.extras))}]" if self.requirement.extras else ""
        return f"{self.requirement.name}{extras}" + (f" ; {self.requirement.marker}" if self.requirement.marker else "")


@dataclass(frozen=True, kw_only=True)
class Source:
    """What the DAGs need, as a file says it and those that it names.

    Attributes:
        where: How the file is shown.
        text: A requirement in each line.
        places: File and line of those that another file brings, by number.
        limits: What bounds a version where a package is needed, and asks for none.
        hashes: The hashes that lines have, by canonical name.
        preferences: Versions that a lock of another tool has, to stay with where they fit, by canonical name.
        releases: The release of Airflow whose constraints are named by their address, by file and line of that.
        named: The directories of packages of the project that lines name, by file and line.
        own: The packages that these are.

    """

    where: str
    text: str
    places: Mapping[int, str] = field(default_factory=dict)
    limits: "Source | None" = None
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    preferences: Mapping[str, str] = field(default_factory=dict)
    releases: Mapping[str, str] = field(default_factory=dict)
    named: Mapping[str, Named] = field(default_factory=dict)
    own: tuple[Own, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """Its requirements.

        Raises:
            UsageError: A line is not a requirement.

        """
        return parse(self.text, self.where, self.places)

    @property
    def whole(self) -> str:
        """All that a lock of it is made of, as lines whose order does not count."""
        limits = [f"-c {content}" for _, content in logical_lines(self.limits.text if self.limits else "")]
        hashes = [f"{name} --hash={value}" for name, values in self.hashes.items() for value in values]
        preferred = [f"-p {name}=={version}" for name, version in self.preferences.items()]
        return "\n".join([self.text, *limits, *hashes, *preferred, *map(str, self.own)])


def canonical(name: str) -> str:
    """Returns a package's name as indexes know it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read(path: Path, where: str) -> str:
    """Returns the text of a requirements file; no more of it is read than one may have.

    Raises:
        OSError: It cannot be read.
        UsageError: It is no file, or not text that requirements can be.

    """
    kind = path.stat().st_mode
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        raise UsageError(f"{where} is neither a file nor a directory.", "Put a requirements file there.")
    with path.open("rb") as file:
        return decode(file.read(LIMIT + 1), where)


def decode(content: bytes, where: str) -> str:
    """Returns a requirements file as text.

    Raises:
        UsageError: It is not UTF-8, holds a control character, or is too large to be one.

    """
    if len(content) > LIMIT:
        raise UsageError(f"{where} is too large to be a requirements file (more than {LIMIT} bytes).")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = content[: wrong.start].count(b"\n") + 1
        raise UsageError(f"{where}:{line}: this is not UTF-8.", "Save the file as UTF-8.") from wrong
    text = text.replace("\r\n", "\n")
    # A lock has thousands of lines, and hardly ever a sign beyond ASCII; each build reads it.
    for number, shown in enumerate(text.split("\n") if _UNUSUAL.search(text) else (), 1):
        wrong_one = next((sign for sign in shown if sign != "\t" and _is_control(sign)), None)
        if wrong_one is not None:
            raise UsageError(
                f"{where}:{number}: there is a control character in this line (U+{ord(wrong_one):04X}).",
                "Remove it; editors may not show it.",
            )
    return text


def _is_control(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def parse(text: str, where: str, places: Mapping[int, str] = MappingProxyType({})) -> tuple[Line, ...]:
    """Reads requirements, one in a line, which may be continued.

    Args:
        text: As `decode` returned it.
        where: How the file is shown.
        places: File and line of lines that are not its own.

    Raises:
        UsageError: A line is not a requirement.

    """
    lines = []
    for number, content in logical_lines(text):
        place = places.get(number, "")
        requirement = _requirement(content, place or f"{where}:{number}")
        lines.append(Line(number=number, name=canonical(requirement.name), requirement=requirement, place=place))
    return tuple(lines)


def without_comment(line: str) -> str:
    """Returns a line without its comment and the blanks around it, as pip sees it."""
    return _COMMENT.sub("", line).strip() if "#" in line else line.strip()


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Joins continued lines; comments end a line, as pip has it."""
    start = 0
    parts: list[str] = []
    for number, raw in enumerate(text.split("\n"), 1):
        content = without_comment(raw)
        start = start if parts else number
        if content.endswith("\\"):
            parts.append(content[:-1].strip())
            continue
        parts.append(content)
        joined = " ".join(part for part in parts if part)
        parts = []
        if joined:
            yield start, joined
    if parts:
        yield start, " ".join(parts)


def quoted(content: str) -> str:
    """Returns a line for an error: in quotes, shortened, and without the credentials that an address may carry."""
    text = redaction.addresses(content)
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def option_advice(content: str) -> str:
    """Returns what to do in place of an option of pip's that a line begins with; empty when it is none of them."""
    option = re.split(r"[\s=]", content)[0]
    return next((advice for names, advice in _OPTIONS.items() if option in names), "")


def _requirement(content: str, at: str) -> "Requirement":
    shown = quoted(content)
    if content.startswith("-"):
        advice = option_advice(content) or "Leave it out."
        raise UsageError(f"{at}: {shown} is an option of pip that is not taken from this file.", advice)
    if re.search(r"\s--?[a-z]", content):
        raise UsageError(f"{at}: {shown} has more than a requirement in it.", f"One requirement in a line. {_EXAMPLE}")
    if "://" in content or re.search(r"^[A-Za-z0-9._-]+(\[.*\])?\s*@", content):
        raise UsageError(
            f"{at}: {shown} names an address; what is installed comes from an index, by version and hash.",
            "Put a wheel of it on an index, give that with the setting extra_index_urls, and name the version here.",
        )
    if re.match(r"[./~]|[A-Za-z]:\\", content) or re.search(r"/|\.(whl|zip|tar\.gz|tgz|txt|in|toml)$", content):
        raise UsageError(
            f"{at}: {shown} is a path; what is installed comes from an index, by version and hash.",
            f"Put a wheel of it on an index and name it with its version. {OWN_MODULES}",
        )
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(content)
    except InvalidRequirement as wrong:
        reason = str(wrong).partition("\n")[0]
        exact = _ALMOST_EXACT.fullmatch(content)
        advice = f"An exact version takes two signs: {exact[1]}=={exact[2]}" if exact else _EXAMPLE
        raise UsageError(f"{at}: {shown} is not a requirement: {reason[:1].lower()}{reason[1:]}.", advice) from wrong
    if requirement.url is not None:
        raise UsageError(f"{at}: {shown} names an address.", _EXAMPLE)
    return requirement
