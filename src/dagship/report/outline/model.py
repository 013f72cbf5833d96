"""The parts of a report: our words, and the user's apart from them, so that each sink can escape those. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from dagship.model.release_document import Graph

Mark = Literal["added", "removed", "changed", "renamed", "error", "warning", "good", "plain"]


class Name(NamedTuple):
    """The user's text that is a name, a value or a path; each sink shows it as such."""

    text: str


class Words(NamedTuple):
    """A sentence that may have the user's text in it."""

    text: str


# What is a `str` in it is ours.
Line = tuple[str | Name | Words, ...]


@dataclass(frozen=True, kw_only=True)
class Item:
    """An entry of a section.

    Attributes:
        line: What it says.
        mark: What kind of news it is.
        more: Lines below it.
        block: Lines of a traceback or the like, empty for none.
        graph: What is drawn below it, None for nothing.
        key: The DAG that it tells of, for links to it; empty for none.
        about: The DAG that it points to; empty for none.

    """

    line: Line
    mark: Mark = "plain"
    more: tuple[Line, ...] = ()
    block: str = ""
    graph: Graph | None = None
    key: str = ""
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of a report.

    Attributes:
        key: One word, for anchors.
        title: Its title; ours.
        items: Its entries, in the order in which they are to be shown.
        note: What is said before the entries; empty for nothing.

    """

    key: str
    title: str
    items: tuple[Item, ...] = ()
    note: Line = ()


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A report.

    Attributes:
        key: What it is of, one word: `diff` or `test-image`.
        title: Its title; ours.
        verdict: The answer in a sentence.
        mark: Whether it is `good`, or there is a `warning` or an `error` to be looked at.
        facts: Names and values above all else.
        sections: The sections that have something to say.

    """

    key: str
    title: str
    verdict: Line
    mark: Mark
    facts: tuple[tuple[str, Line], ...]
    sections: tuple[Section, ...]


def names(texts: Iterable[str], most: int = 10) -> Line:
    """Returns names with commas between them, and how many more there are."""
    every = tuple(texts)
    line: list[str | Name | Words] = []
    for text in every[:most]:
        line += [", ", Name(text)]
    if every[most:]:
        line.append(f" and {len(every) - most} more")
    return tuple(line[1:])


def counted(count: int, one: str, several: str = "") -> str:
    """Returns a number with its noun: `1 DAG`, `2 DAGs`."""
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"
