"""Where reports go: to the files that flags name, and in a CI to what it shows by itself. Pure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

Format = Literal["html", "markdown", "sarif", "code_quality", "junit"]

_ENDINGS: dict[Format, str] = {
    "html": "html",
    "markdown": "md",
    "sarif": "sarif",
    "code_quality": "codequality.json",
    "junit": "junit.xml",
}
_BY_THEMSELVES: dict[str, tuple[Format, ...]] = {
    "github": ("html", "markdown", "sarif"),
    "gitlab": ("html", "markdown", "code_quality", "junit"),
    "": (),
}


class Ci(NamedTuple):
    """The CI around.

    Attributes:
        system: `github` (and what runs its workflows), `gitlab`, or empty.
        summary: File that GitHub shows as the summary of the step, or empty.

    """

    system: Literal["github", "gitlab", ""] = ""
    summary: str = ""


def around(environ: Mapping[str, str]) -> Ci:
    """Returns the CI that an environment is of, by the variables that its documentation promises."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return Ci("github", environ.get("GITHUB_STEP_SUMMARY", ""))
    return Ci("gitlab") if environ.get("GITLAB_CI") == "true" else Ci()


def by_themselves(ci: Ci, formats: tuple[Format, ...], directory: Path, key: str) -> dict[Format, Path]:
    """Returns the files that are written without being asked for.

    Args:
        ci: The CI around.
        formats: Those that there are of a report.
        directory: Where they go.
        key: What the report is of: `test-image` or `diff`.

    """
    return {one: directory / f"{key}.{_ENDINGS[one]}" for one in _BY_THEMSELVES[ci.system] if one in formats}
