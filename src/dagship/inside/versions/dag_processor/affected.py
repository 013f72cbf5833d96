"""Which files a dag-processor reads anew when its bundle takes another version, and which of them first. Pure."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from .. import layout

_MAY_BE_NEW_DAGS = (".py", ".zip")


class Affected(NamedTuple):
    """What is read anew.

    Attributes:
        first: Files that differ, relative to the DAG directory; what Airflow takes for none of its own it leaves out.
        all: Whether all others are read anew too: what differs may be imported or read by any of them.

    """

    first: tuple[str, ...]
    all: bool


def affected(differing: Iterable[str], *, there: Collection[str], with_dags: Collection[str]) -> Affected:
    """Decides it.

    Args:
        differing: The paths that differ, below the directory of a version.
        there: Those that the version before had, below its directory.
        with_dags: The files that had DAGs or an import error of their own, relative to the DAG directory.

    """
    first, others = [], False
    for path in differing:
        top, _, file = path.partition("/")
        own = file in with_dags if path in there else file.endswith(_MAY_BE_NEW_DAGS)
        if top == layout.DAGS and own:
            first.append(file)
        else:
            others = True
    return Affected(tuple(first), others)
