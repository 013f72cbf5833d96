"""Decides which files of a DAG directory stay out of the image, and why."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dagship.errors import UsageError
from dagship.image.tree import dockerignore
from dagship.image.tree.dockerignore import DockerIgnore, Matches
from dagship.untrusted import files

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".dockerignore"

_STARS = re.compile(r"\*+")
# With four, one name of 250 letters can take more than a second: each way to share it out between them is tried.
_MOST_STARS = 3

# Histories, caches, editors' traces, and files of dagship's own.
_ALWAYS = (
    ".git", ".hg/", ".svn/", ".dagship/", ".dagship-untracked*/", ".venv/", "__pycache__/", "*.py[cod]",
    "node_modules/", ".tox/", ".nox/", ".cache/",
    ".pytest_cache/", ".mypy_cache/", ".ruff_cache/", ".ipynb_checkpoints/", ".DS_Store", "*.swp", ".#*",
    f"/{IGNORE_FILE}", "/dagship.toml",
)  # fmt: skip
# `.env`, `.envrc`, `.env.prod`, `.env-local`: by their names they hold what a program gets in its environment.
_DOTENV = (".env*",)
MAY_HOLD = "may hold passwords"
ENVIRONMENT = "is an environment with packages"
# What an environment has at its top: Python's own, and conda's.
MARKS = ("pyvenv.cfg", "conda-meta")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The decision on a path.

    Attributes:
        out: Whether it stays out.
        why: The reason, where people should hear it.
        for_what_is_in_it: Whether it stays out, and something in it may not.
        asked_for: Whether the setting takes it in, whatever else says.
        matches: What `.dockerignore` is to be given for what is in it.

    """

    out: bool
    why: str = ""
    for_what_is_in_it: bool = False
    asked_for: bool = False
    matches: Matches = ()


class Rules:
    """All that says what stays out: the setting, then `.dockerignore`, then what no image should hold.

    Args:
        root: The DAG directory.
        ignore: The setting's patterns, as in .gitignore; one with `!` takes in what the others leave out.

    Raises:
        UsageError: A pattern is wrong, or `.dockerignore` cannot be read.

    """

    def __init__(self, root: Path, ignore: Sequence[str]) -> None:
        from pathspec import GitIgnoreSpec

        try:
            self._own = GitIgnoreSpec.from_lines(ignore)
        except ValueError as wrong:
            raise UsageError(
                f"A pattern of the setting ignore is wrong: {wrong}.", "Its patterns are written as in .gitignore."
            ) from wrong
        for pattern in ignore:
            if pattern.count("**") > _MOST_STARS or any(
                len(_STARS.findall(n)) > _MOST_STARS for n in pattern.split("/")
            ):
                raise UsageError(
                    f"A pattern of the setting ignore has too many stars: {pattern}.",
                    f"Write several patterns: {_MOST_STARS} may be in a name, and ** {_MOST_STARS} times in a pattern.",
                )
        self._docker = _docker(root)
        self._always, self._dotenv = map(GitIgnoreSpec.from_lines, (_ALWAYS, _DOTENV))

    def on(self, path: str, above: Matches, *, directory: bool) -> Verdict:
        """Decides on a path.

        Args:
            path: Relative to the DAG directory, with `/`.
            above: What `.dockerignore` said of the directory that it is in.
            directory: Whether it is a directory, or a link, which may lead to one.

        """
        names = (path, f"{path}/") if directory else (path,)
        own = [_says(self._own, name) for name in names]
        out, matches = self._docker.asked(path, above)
        if True in own:
            return Verdict(out=True, matches=matches)
        if False in own:
            return Verdict(out=False, asked_for=True, matches=matches)
        below = out and directory and self._docker.takes_in_below(path)
        if any(map(self._always.match_file, names)) or (out and not below):
            return Verdict(out=True, matches=matches)
        if any(map(self._dotenv.match_file, names)):
            return Verdict(out=True, why=MAY_HOLD, matches=matches)
        return Verdict(out=False, for_what_is_in_it=below, matches=matches)


def _says(spec: "GitIgnoreSpec", name: str) -> bool | None:
    said: bool | None = spec.check_file(name).include
    return said


def _docker(root: Path) -> DockerIgnore:
    path = root / IGNORE_FILE
    try:
        content = files.read(path)
        if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
            raise UsageError(
                f"{path} is a link that leads outside {root}.",
                "Put the file itself there; without it the image would hold what it leaves out.",
            )
        return dockerignore.parse(content.decode("utf-8"))
    except FileNotFoundError:
        return DockerIgnore()
    except (OSError, UnicodeDecodeError) as broken:
        why = broken.strerror if isinstance(broken, OSError) else "it is not UTF-8 text"
        raise UsageError(
            f"{path} cannot be read: {why}.",
            "Mend it, or its permissions; without it the image would hold what it leaves out.",
        ) from broken
    except ValueError as wrong:
        raise UsageError(
            f"{path}: {wrong}.",
            "Its lines mean what they mean to Docker: docs.docker.com/build/concepts/context/#dockerignore-files.",
        ) from wrong
