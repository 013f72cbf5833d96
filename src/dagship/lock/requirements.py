"""Requirement files, read strictly: what is not plainly a requirement is refused, with file and line.

Every line goes from here to pip and uv as it was parsed, never as it was written: a name, extras, versions and markers
cannot be an option, an address or a path.
"""

import itertools
import re
import stat
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dagship import redaction
from dagship.errors import Refused, UsageError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_LIMIT = 10_000_000
_SHOWN = 80
_COMMENT = re.compile(r"(^|\s)#.*$")
_UNUSUAL = re.compile(r"[^\t\n -~]")

_ALMOST_EXACT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*(?:\[.*\])?)(?:\s*=\s*|\s+)v?(\d[\w.!+*-]*)", re.ASCII)

_OPTIONS = {
    ("-e", "--editable"): (
        "Modules of your own can lie beside the DAGs; or put a wheel of it on an index, and name its version."
    ),
    ("-r", "--requirement"): "Write the lines of that file here.",
    ("-c", "--constraint"): "The base image's packages are constraints already; other limits are requirements.",
    ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--no-index", "--trusted-host"): (
        "Give indexes with the settings index_url, extra_index_urls or pip_conf; they travel as secrets."
    ),
    ("--no-binary", "--only-binary", "--prefer-binary"): (
        "Wheels are what is installed; the setting source_packages names packages that are built from source."
    ),
}
_EXAMPLE = "Write a name with extras, versions and markers, as: pandas[parquet]>=2.2,<3"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A requirement of the user's.

    Attributes:
        number: Its line in the file, from 1.
        name: The package's canonical name.
        requirement: It, parsed.

    """

    number: int
    name: str
    requirement: "Requirement"

    @property
    def free(self) -> str:
        """The same without limits on the version."""
        extras = f"[{','.join(sorted(self.requirement.extras))}]" if self.requirement.extras else ""
        return f"{self.requirement.name}{extras}" + (f" ; {self.requirement.marker}" if self.requirement.marker else "")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A requirements file.

    Attributes:
        where: How it is shown.
        text: Its text, as `decode` returned it.

    """

    where: str
    text: str

    @property
    def lines(self) -> tuple[Line, ...]:
        """Its requirements.

        Raises:
            UsageError: A line is not a requirement.

        """
        return parse(self.text, self.where)


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
        return decode(file.read(_LIMIT + 1), where)


def decode(content: bytes, where: str) -> str:
    """Returns a requirements file as text.

    Raises:
        UsageError: It is not UTF-8, holds a control character, or is too large to be one.

    """
    if len(content) > _LIMIT:
        raise UsageError(f"{where} is too large to be a requirements file (more than {_LIMIT} bytes).")
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


def parse(text: str, where: str) -> tuple[Line, ...]:
    """Reads requirements, one in a line, which may be continued.

    Args:
        text: As `decode` returned it.
        where: How the file is shown.

    Raises:
        UsageError: A line is not a requirement.

    """
    lines = []
    for number, content in logical_lines(text):
        requirement = _requirement(content, f"{where}:{number}")
        lines.append(Line(number=number, name=canonical(requirement.name), requirement=requirement))
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
        raise UsageError(f"{at}: {shown} is an option of pip, and no options are taken from this file.", advice)
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
            "Put a wheel of it on an index and name it with its version. Modules of your own can lie beside the DAGs.",
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
                f"{where}: {line.requirement} (line {line.number}) and {other.requirement} (line {other.number}) "
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
    at = f"{where}:{line.number}: '{line.requirement}'"
    if line.name == "airflow":
        raise Refused(
            f"{at} is not Airflow: on the index Airflow is named apache-airflow.",
            "Leave the line out, Airflow comes from the base image; its extras are written apache-airflow[NAME].",
        )
    has = packages.get(line.name)
    if line.name not in ("apache-airflow", "apache-airflow-core") or has is None:
        return
    if not line.requirement.specifier.contains(has, prereleases=True):
        raise Refused(
            f"{at} would move Airflow, and the base image has {has}.",
            f"Airflow comes from the base image: ask for {line.name}=={has} or leave the line out, "
            "or take a base of the other version.",
        )
