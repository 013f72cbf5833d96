"""Finds what a repository's DAGs need: its file of requirements. Pure."""

import tomllib
from dataclasses import dataclass

from dagship.init.model import Listing, Seen, Setting

DEFAULT = "requirements/dags.in"
_OF_PIP = ("requirements.txt", "requirements.in", "requirements/requirements.txt")
_LOCKS = ("uv.lock", "poetry.lock", "pylock.toml")
_EMPTY = """\
# What the DAGs need, one requirement in a line, as: pandas>=2.2,<3
# Airflow and its providers come with the base image. `dagship lock` makes dags.txt of this; commit both.
"""


@dataclass(frozen=True, kw_only=True)
class Needs:
    """The requirements.

    Attributes:
        source: The file that is taken.
        text: What is to be written there; empty where the file is there.
        seen: What follows from it.

    """

    source: str
    text: str = ""
    seen: Seen


def find(listing: Listing, dags: str) -> Needs:
    """Returns the requirements: dagship's own place, else those of the repository, else a file to write."""
    for path in (DEFAULT, "requirements/dags.txt"):
        if path in listing.paths:
            return Needs(source=path, seen=Seen(saw=(f"Requirements: {path}.",)))
    there = [path for path in (*_OF_PIP, *_near(dags), *_of_project(listing)) if path in listing.paths]
    if not there:
        return Needs(source=DEFAULT, text=_EMPTY, seen=Seen())
    first, *others = there
    setting = Setting(name="requirements", value=first, why="What the DAGs need besides Airflow")
    beside = f"; {', '.join(others)} is there too, and not read" if others else ""
    return Needs(source=first, seen=Seen(settings=(setting,), saw=(f"Requirements: {first}{beside}.",)))


def _near(dags: str) -> tuple[str, ...]:
    """Files of requirements beside the directory of DAGs and in it."""
    beside = dags.rpartition("/")[0]
    return (*((f"{beside}/requirements.txt",) if beside else ()), f"{dags}/requirements.txt")


def _of_project(listing: Listing) -> list[str]:
    """The lock of a project with dependencies, or its pyproject.toml where it has none that is known."""
    try:
        document = tomllib.loads(listing.texts.get("pyproject.toml", ""))
    except (tomllib.TOMLDecodeError, RecursionError):
        return []
    tool = document.get("tool", {})
    poetry = tool.get("poetry", {}) if isinstance(tool, dict) else {}
    if not any(isinstance(table, dict) and table.get("dependencies") for table in (document.get("project"), poetry)):
        return ["pylock.toml"]
    return [next((lock for lock in _LOCKS if lock in listing.paths), "pyproject.toml")]
