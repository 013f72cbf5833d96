"""Reads a Dockerfile's instructions, each with its line. Pure; no more of the language than that takes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

_HEREDOC = re.compile(r"<<-?\s*([\"']?)(\w+)\1")
_FLAGS = re.compile(r"^(--\S+\s+)+")


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """An instruction.

    Attributes:
        line: Its first line, from 1.
        word: `RUN`.
        rest: What follows, without flags; a here-document has its lines.

    """

    line: int
    word: str
    rest: str


def read(text: str) -> tuple[Instruction, ...]:
    """Returns the instructions of a Dockerfile."""
    found = []
    lines = iter(list(enumerate(text.splitlines(), 1)))
    for number, line in lines:
        if _says_nothing(line):
            continue
        word, _, rest = _joined(line, lines).partition(" ")
        ending = _HEREDOC.search(rest) if word.upper() in ("RUN", "COPY", "ADD") else None
        if ending:
            rest = "\n".join([_HEREDOC.sub("", rest), *_until(ending[2], lines)])
        found.append(Instruction(line=number, word=word.upper(), rest=_FLAGS.sub("", rest.strip())))
    return tuple(found)


def base(instructions: Sequence[Instruction]) -> Instruction | None:
    """Returns the last FROM with the image alone, and what ARGs before it say put in."""
    arguments: dict[str, str] = {}
    last = None
    for one in instructions:
        if one.word == "ARG":
            name, _, value = one.rest.partition("=")
            arguments[name.strip()] = value.strip().strip("\"'")
        elif one.word == "FROM":
            image = one.rest.split()[0] if one.rest else ""
            filled = re.sub(r"\$\{?(\w+)(?::-([^}]*))?\}?", lambda m: arguments.get(m[1]) or m[2] or m[0], image)
            last = Instruction(line=one.line, word=one.word, rest=filled)
    return last


def _until(end: str, lines: Iterator[tuple[int, str]]) -> list[str]:
    """The lines of a here-document."""
    return [line for _, line in takewhile(lambda each: each[1].strip() != end, lines)]


def _joined(line: str, lines: Iterator[tuple[int, str]]) -> str:
    """A line with those that it goes on in; comments and empty lines may stand between."""
    parts = [line.strip()]
    while parts[-1].endswith("\\"):
        parts[-1] = parts[-1][:-1].rstrip()
        parts.append(next((more.strip() for _, more in lines if not _says_nothing(more)), ""))
    return " ".join(parts)


def _says_nothing(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")
