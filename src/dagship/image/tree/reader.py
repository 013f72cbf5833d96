"""The DAG tree: read into memory and checked."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from dagship.errors import UsageError
from dagship.image.tree.ignored import Rules
from dagship.image.tree.model import Tree, TreeFile
from dagship.image.tree.walk import Walk


def read(dags: Path, *, ignore: Sequence[str], max_file_size: int, finished: bool = True) -> Tree:
    """Reads a DAG tree.

    Args:
        dags: The directory; links inside it are followed, and must stay inside it.
        ignore: Patterns of files to leave out, as in .gitignore, besides what the tree's `.dockerignore` leaves out,
            and what no image should hold.
        max_file_size: Largest file allowed, bytes.
        finished: Whether it has its DAGs; commands may be about to make them.

    Raises:
        UsageError: It is missing, empty or without a DAG, or something in it cannot be embedded.

    """
    root = Path(os.path.abspath(dags))  # noqa: PTH100 - resolve() would hide the name the user knows
    if not root.is_dir():
        what = "is not a directory" if root.exists() else "does not exist"
        raise UsageError(
            f"The DAG directory {root} {what}.", "Name the directory that holds the DAG files with --dags."
        )
    walk = Walk(root, Rules(root, ignore), max_file_size)
    files = tuple(sorted(walk.files(), key=lambda file: file.path))
    if not files and walk.skipped:
        raise UsageError(
            f"All files in the DAG directory {root} are left out.",
            "See what .dockerignore there and the setting ignore leave out, or name another directory with --dags.",
        )
    if not files:
        raise UsageError(f"The DAG directory {root} is empty.", "Put DAG files there, or name another with --dags.")
    if finished and not any(_may_hold_a_dag(file) for file in files):
        raise UsageError(
            f"No file in {root} can hold a DAG: none is a zip archive or a Python file that mentions airflow or dag.",
            "Name the directory that holds the DAG files with --dags"
            + (", or see what .dockerignore there and the setting ignore leave out." if walk.skipped else "."),
        )
    return Tree(source=root, files=files, left_out=tuple(walk.left_out), closed=tuple(walk.closed))


def patterns_of(dags: Path, files: Sequence[Path]) -> tuple[str, ...]:
    """Returns the patterns that leave out those of `files` that lie in the DAG directory."""
    root = dags.resolve()
    inside = [file.resolve().relative_to(root) for file in files if file.resolve().is_relative_to(root)]
    return tuple("/" + re.sub(r"([\\*?\[\]!# ])", r"\\\1", path.as_posix()) for path in inside)


def _may_hold_a_dag(file: TreeFile) -> bool:
    """Airflow's own rule (`dag_discovery_safe_mode`), made milder because a deployment may replace it."""
    content = file.content.lower()
    return file.path.endswith(".zip") or (file.path.endswith(".py") and (b"airflow" in content or b"dag" in content))
