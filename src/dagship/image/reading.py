"""Reads a DAG version from a project: its directory of DAGs, and what is included beside it."""

from collections.abc import Sequence
from pathlib import Path

from dagship.image.tree import beside, reader
from dagship.image.tree.model import Tree
from dagship.settings import Settings


def read(root: Path, settings: Settings, *, dags: Path, include: Sequence[Path], finished: bool = True) -> Tree:
    """Reads a DAG version.

    Args:
        root: The project.
        settings: What stays out, and how large a file may be.
        dags: The directory of DAGs, from `root` on or absolute.
        include: What lies beside it in a version, the same way.
        finished: Whether it has its DAGs; commands may be about to make them.

    Raises:
        UsageError: Something is missing, or cannot be embedded.

    """
    directory = root / dags
    secret = tuple(root / file for file in (*settings.secret_files(), settings.baseline))
    ignore = (*settings.ignore, *reader.patterns_of(directory, secret))
    return beside.added(
        reader.read(directory, ignore=ignore, max_file_size=settings.max_file_size, finished=finished),
        root,
        include,
        ignore=settings.ignore,
        secret_files=secret,
        max_file_size=settings.max_file_size,
    )
