"""Lists a repository's files, and reads those that say what it is. Links out of it are not followed."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from dagship.init.model import Listing
from dagship.untrusted import boundary, files

_CACHES = ("node_modules", "__pycache__", "site-packages", "dbt_packages")
# What a directory with a Python environment has at its top.
_ENVIRONMENTS = ("pyvenv.cfg", "conda-meta")
# Files that are read, besides Python. What may hold passwords (.env, airflow_settings.yaml, airflow.cfg) is not.
_READ = re.compile(
    r"Dockerfile|packages\.txt|pyproject\.toml|(requirements|constraints)[\w.-]*\.(txt|in)|(docker-)?compose[\w.-]*\.ya?ml"
    r"|uv\.lock|poetry\.lock|pdm\.lock|pylock\.toml"
)
_MOST = 4 * 1024 * 1024


def read(root: Path) -> Listing:
    """Returns the files below a directory; none of hidden directories, environments and caches."""
    paths = sorted(_paths(root))
    texts = {path: _text(root / path) for path in paths if path.endswith(".py") or _is_read(path)}
    return Listing(paths=tuple(paths), texts=texts)


def _paths(root: Path) -> Iterator[str]:
    for at, directories, names in os.walk(root):
        directories[:] = [
            name
            for name in directories
            if not name.startswith(".")
            and name not in _CACHES
            and not any(Path(at, name, mark).exists() for mark in _ENVIRONMENTS)
        ]
        for name in names:
            path = Path(at, name)
            if path.is_file() and not (path.is_symlink() and boundary.leads_out(root, path)):
                yield path.relative_to(root).as_posix()


def _is_read(path: str) -> bool:
    *above, name = path.split("/")
    return len(above) < 3 and _READ.fullmatch(name) is not None  # noqa: PLR2004 - a file deeper down is of something else


def _text(path: Path) -> str:
    """The text of a file; nothing for one that cannot be read, or is no text that a person writes."""
    try:
        return files.read(path, limit=_MOST).decode("utf-8-sig", "replace")
    except OSError:
        return ""
