"""Expressions of patterns like those of a shell, matched in bounded time. Pure.

`re` tries each way that several stars can share out a name: seven of them take seconds for a name of 60 letters.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

NAMES, ANY, DIRECTORIES = "[^/]*", ".*", "(.*/)?"
"""What `*`, `**` at the end, and `**` before something stand for."""

_OPEN = {NAMES: re.compile(NAMES), ANY: re.compile(ANY), DIRECTORIES: re.compile(ANY)}
# With so many `re` is quick for every name that a file can have.
_FEW = 2


@dataclass(frozen=True)
class ManyStars:
    """An expression with many stars: all ways are gone side by side, so that each place is looked at once a part.

    Attributes:
        parts: Each is a star's, or fits one character.

    """

    parts: tuple[re.Pattern[str], ...]

    def fullmatch(self, path: str) -> bool | None:
        """Returns True where all of a path fits, None where not, for what asks `re` the same."""
        places = {0}
        for part in self.parts:
            if part.pattern in _OPEN:
                places |= _reached(part.pattern, path, places)
            else:
                places = {place + 1 for place in places if part.match(path, place)}
        return True if len(path) in places else None


Expression = re.Pattern[str] | ManyStars


def compiled(parts: Sequence[str]) -> Expression:
    """Returns what matches parts one behind the other; each is one of the stars', or fits one character."""
    if sum(part in _OPEN for part in parts) <= _FEW:
        return re.compile("".join(parts))
    return ManyStars(tuple(map(re.compile, parts)))


def _reached(star: str, path: str, places: set[int]) -> set[int]:
    found: set[int] = set()
    end = -1
    for place in sorted(places):
        if place > end:  # where another has been already it leads no further
            fits = _OPEN[star].match(path, place)
            end = fits.end() if fits else place
            reached = range(place, end + 1)
            found |= {at for at in reached if at > place and path[at - 1] == "/"} if star == DIRECTORIES else {*reached}
    return found
