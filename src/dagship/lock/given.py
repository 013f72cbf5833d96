"""The files that a lock is made of and written to: which belong together, what people call them, what is in them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagship.errors import UsageError
from dagship.lock import freshness, requirements, sources
from dagship.lock.own import read as own
from dagship.lock.pins import LOCK_SUFFIX
from dagship.lock.requirements import Source
from dagship.model.artifacts import BaseImage
from dagship.settings import Settings
from dagship.workspace import Workspace


def source_and_lock(path: Path) -> tuple[Path, Path]:
    """Returns the source and the lock that a path stands for: it is the one or the other."""
    if path.suffix == ".in":
        return path, path.with_suffix(".txt")
    beside = path.with_suffix(".in")
    if path.suffix == ".txt" and (beside.exists() or not path.exists() or path.name.endswith(LOCK_SUFFIX)):
        return beside, path
    return path, path.with_suffix(LOCK_SUFFIX)


def source(settings: Settings, workspace: Workspace, path: Path, base: BaseImage, archives: own.Archives) -> Source:
    """Reads requirements.

    Raises:
        UsageError: The file cannot be read, or a line is not a requirement.

    """
    named = shown(workspace, path)
    _check_link(workspace.root, path, named)
    with _reading(workspace, path, named):
        there = freshness.environment(base.python_version, base.platform)
        return sources.read(settings, workspace.root, path, named, there, archives)


def text(workspace: Workspace, path: Path) -> str:
    """Reads a file whole.

    Raises:
        UsageError: It cannot be read.

    """
    named = shown(workspace, path)
    _check_link(workspace.root, path, named)
    with _reading(workspace, path, named):
        return requirements.read(path, named)


def shown(workspace: Workspace, path: Path) -> str:
    """Returns a file as people and locks name it: relative to the project where it lies in it."""
    absolute, root = path.absolute(), workspace.root.absolute()
    return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else str(path)


def _check_link(root: Path, path: Path, named: str) -> None:
    """Refuses a link of the project that leads out of it: an error shows a part of a line, and it may be anybody's."""
    written = Path(os.path.normpath(path.absolute()))
    if written.is_relative_to(root.absolute()) and not path.resolve().is_relative_to(root.resolve()):
        raise UsageError(f"A link leads {named} out of the project.", "Put there what it leads to.")


@contextmanager
def _reading(workspace: Workspace, path: Path, named: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as missing:
        beside = path.with_suffix(".in")
        advice = "Name another with --requirements."
        if path.suffix == ".txt" and beside.exists():
            advice = f"Run lock to make it from {beside.name}."
        elif path.suffix == ".in":
            advice = "Write what the DAGs need into it, one in each line, or name another file with --requirements."
            known = [name for name in sources.KNOWN if (workspace.root / name).exists()]
            if known:
                advice = f"Write what the DAGs need into it, one in each line; or take --requirements {known[0]}."
        raise UsageError(f"There is no file {named}.", advice) from missing
    except OSError as failed:
        raise UsageError(f"{named} cannot be read: {failed.strerror}.") from failed
