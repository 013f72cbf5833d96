"""`.dockerignore` as Docker reads it. Pure.

Patterns hold for the whole path from the directory that is built, `**` is any number of directories, the last pattern
that fits decides, and `!` takes a file back in, also out of a directory that is left out. That is not what the same
lines mean in a `.gitignore`. The rules are those of BuildKit (github.com/moby/patternmatcher), its quirks included:
tests/engine compares the two.
"""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from dagship.image.tree import globs

_BOM = "\ufeff"

Matches = tuple[bool, ...]
"""For each pattern whether it fits a path or a directory above it: to ask of a file takes those of its directory."""


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A line.

    Attributes:
        takes_in: Whether it begins with `!`.
        fits: Matches the paths that it is about.
        steps: The same for each of its directories; None where `**` may be any number of them.

    """

    takes_in: bool
    fits: globs.Expression
    steps: tuple[globs.Expression | None, ...]


@dataclass(frozen=True, kw_only=True)
class DockerIgnore:
    """A `.dockerignore`."""

    patterns: tuple[Pattern, ...] = ()

    def asked(self, path: str, above: Matches) -> tuple[bool, Matches]:
        """Returns whether a path is left out, and what to give when something in it is asked for.

        Args:
            path: Relative to the directory that is built, with `/`.
            above: What was returned for the directory that it is in; nothing at the top.

        """
        out = False
        matches: list[bool] = []
        for place, pattern in enumerate(self.patterns):
            fits = bool(above) and above[place]
            if not fits and pattern.takes_in == out:
                fits = pattern.fits.fullmatch(path) is not None
            matches.append(fits)
            if fits:
                out = not pattern.takes_in
        return out, tuple(matches)

    def takes_in_below(self, directory: str) -> bool:
        """Whether a `!` may be about something in a directory that is left out."""
        parts = directory.split("/")
        return any(pattern.takes_in and _leads_into(pattern, parts) for pattern in self.patterns)


def parse(text: str) -> DockerIgnore:
    """Reads a `.dockerignore`.

    Raises:
        ValueError: A line is no pattern.

    """
    patterns = []
    for number, line in enumerate(text.removeprefix(_BOM).split("\n"), 1):
        try:
            patterns.append(None if line.startswith("#") else _pattern(line))
        except ValueError as wrong:  # the line itself is not shown: it may be of no file that was meant
            raise ValueError(f"line {number} is no pattern: {wrong}") from wrong
    return DockerIgnore(patterns=tuple(filter(None, patterns)))


def _pattern(line: str) -> Pattern | None:
    text = line.strip()
    takes_in = text.startswith("!")
    text = text[1:].strip() if takes_in else text
    if not text:
        if takes_in:
            raise ValueError("'!' alone takes nothing in")
        return None
    # Cleaned as Go does: two slashes at the start, which POSIX keeps, are one.
    text = re.sub("^/+", "/", posixpath.normpath(text))
    text = text[1:] if len(text) > 1 and text[0] == "/" else text
    steps = tuple(None if "**" in step else globs.compiled(_translated(step)) for step in text.split("/"))
    return Pattern(takes_in=takes_in, fits=_whole(text), steps=steps)


def _whole(text: str) -> globs.Expression:
    """The expression for whole paths; one that has no sign but `**` at its start or end is about plain text."""
    for plain, template in ((text.removeprefix("**"), "(?s:.*){}"), (text.removesuffix("**"), "{}(?s:.*)")):
        if plain != text and not re.search(r"[*?\[\]\\]", plain):
            either = f"|{re.escape(plain[1:])}" if plain.startswith("/") and template.startswith("(") else ""
            return re.compile(template.format(re.escape(plain)) + either)
    return globs.compiled(_translated(text))


def _translated(text: str) -> list[str]:
    """The expression for a pattern, in its parts: `*` and `?` stop at a slash, `**` does not."""
    made: list[str] = []
    place = 0
    while place < len(text):
        sign, place = text[place], place + 1
        if text.startswith("**", place - 1):
            place += 1
            place += text.startswith("/", place)
            made.append(globs.ANY if place == len(text) else globs.DIRECTORIES)
        elif sign == "*":
            made.append(globs.NAMES)
        elif sign == "?":
            made.append("[^/]")
        elif sign == "[":
            characters, place = _class(text, place)
            made.append(characters)
        elif sign == "\\":
            if place == len(text):
                raise ValueError("it ends with a backslash")
            made.append(re.escape(text[place]))
            place += 1
        else:
            made.append(re.escape(sign))
    return made


def _class(text: str, place: int) -> tuple[str, int]:
    """The expression for the characters that begin behind a `[`, and where they end, as Go's filepath.Match has it."""
    found = re.compile(r"(\^?)((?:(?:\\.|[^\\\]\-])(?:-(?:\\.|[^\\\]\-]))?)+)\]", re.DOTALL).match(text, place)
    if found is None:
        raise ValueError("it has a '[' that is no set of characters")
    ranges = re.findall(r"(\\.|[^\\])(?:-(\\.|[^\\]))?", found[2], re.DOTALL)
    said = ["-".join(re.escape(end[-1]) for end in ends if end) for ends in ranges]
    try:
        re.compile(expression := f"[{found[1]}{''.join(said)}]")
    except re.error as wrong:
        raise ValueError("it has a '[' that is no set of characters") from wrong
    return expression, found.end()


def _leads_into(pattern: Pattern, parts: Sequence[str]) -> bool:
    for step, part in zip(pattern.steps, parts, strict=False):
        if step is None:
            return True
        if step.fullmatch(part) is None:
            return False
    return len(pattern.steps) > len(parts)
