"""What is seen of a repository, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dagship.model.frozen import Artifact


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The files of a repository.

    Attributes:
        paths: Regular files, relative, with `/`, in order.
        texts: The text of those that say something: Python, and files with a name that is known.

    """

    paths: tuple[str, ...]
    texts: Mapping[str, str] = field(default_factory=dict)

    def has(self, path: str) -> bool:
        """Whether there is such a file, or a directory with files."""
        return path in self.paths or any(each.startswith(f"{path}/") for each in self.paths)


class Left(Artifact):
    """Something that is not carried over.

    Attributes:
        where: File, and line where there is one: `Dockerfile:7`.
        what: What it is.
        instead: How that is done here.

    """

    where: str
    what: str
    instead: str


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A line of dagship.toml.

    Attributes:
        name: The setting.
        value: Its value.
        why: The comment above it.

    """

    name: str
    value: str | tuple[str, ...]
    why: str


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What follows from one part of a repository.

    Attributes:
        settings: Lines of dagship.toml.
        saw: What was seen, a sentence each.
        left: What is not carried over.

    """

    settings: tuple[Setting, ...] = ()
    saw: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()

    def __add__(self, other: "Seen") -> "Seen":
        """Returns both."""
        return Seen(settings=self.settings + other.settings, saw=self.saw + other.saw, left=self.left + other.left)


class InitResult(Artifact):
    """What `init` did.

    Attributes:
        written: Files that it wrote, relative to the project.
        kept: Files that were there, and are as they were.
        saw: What it saw.
        left: What is not carried over.

    """

    written: tuple[str, ...]
    kept: tuple[str, ...]
    saw: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
