"""Finds the directory of DAGs among the files of a repository. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from dagship.init.model import Listing

# Where nobody keeps DAGs, though files may speak of them.
_OTHERS = frozenset({"docs", "include", "plugins", "scripts", "test", "tests"})
_MAKES_ONE = re.compile(r"\bDAG\s*\(|@(?:\w+\.)?dag\b")


@dataclass(frozen=True, kw_only=True)
class Dags:
    """The directory of DAGs.

    Attributes:
        path: Relative; `.` for the whole repository.
        files: Files in it that may define a DAG.
        others: Further directories that are called dags and have such files.

    """

    path: str
    files: tuple[str, ...]
    others: tuple[str, ...] = ()


def find(listing: Listing) -> Dags | None:
    """Returns the directory of DAGs: the one called `dags` with the most of them, else what they all lie in."""
    called = {path: _called_dags(path) for path in listing.paths if _may(path, listing)}
    counts = Counter(directory for directory in called.values() if directory)
    if counts:
        ranked = sorted(counts, key=lambda directory: (-counts[directory], directory.count("/"), directory))
        files = tuple(path for path, directory in called.items() if directory == ranked[0])
        return Dags(path=ranked[0], files=files, others=tuple(ranked[1:]))
    files = tuple(path for path in listing.paths if _makes_one(path, listing))
    if not files:
        return None
    directories = [path.split("/")[:-1] for path in files]
    return Dags(path=_common(directories), files=files)


def _common(directories: Sequence[Sequence[str]]) -> str:
    """What all lie in; `.` for the whole."""
    same = takewhile(lambda names: len(set(names)) == 1, zip(*directories, strict=False))
    return "/".join(names[0] for names in same) or "."


def _called_dags(path: str) -> str:
    """The directory called dags that a file lies in; empty where it lies in none."""
    parts = path.split("/")[:-1]
    return "/".join(parts[: parts.index("dags") + 1]) if "dags" in parts else ""


def _may(path: str, listing: Listing) -> bool:
    """Airflow's own rule, made milder as for a build: in a directory called dags a factory may have its own words."""
    text = listing.texts.get(path, "").lower()
    above = _called_dags(path).split("/")
    return not _OTHERS & set(above) and (
        path.endswith(".zip") or (path.endswith(".py") and re.search("airflow|dag", text) is not None)
    )


def _makes_one(path: str, listing: Listing) -> bool:
    text = listing.texts.get(path, "")
    return (
        path.endswith(".py")
        and not _OTHERS & set(path.split("/")[:-1])
        and "airflow" in text.lower()
        and _MAKES_ONE.search(text) is not None
    )
