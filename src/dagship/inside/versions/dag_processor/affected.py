"""Which files a dag-processor reads anew when its bundle takes another version, and which of them first. Pure."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from .. import layout

_MAY_BE_NEW_DAGS = (".py", ".zip")


class Affected(NamedTuple):
    """What is read anew.

    Attributes:
        first: Files that differ, relative to the DAG directory; what is no DAG file for Airflow it leaves out itself.
        all: Whether all others are read anew too: what differs may be imported or read by any of them.

    """

    first: tuple[str, ...]
    all: bool


def affected(
    differing: Iterable[str], *, before: Collection[str], after: Collection[str], with_dags: Collection[str]
) -> Affected:
    """Decides it.

    Args:
        differing: The paths that differ, below the directory of a version.
        before: Those that the version before had.
        after: Those that the other one has.
        with_dags: The files that had DAGs or an import error, relative to the DAG directory.

    """
    first, others = [], False
    for path in differing:
        top, _, file = path.partition("/")
        own = file in with_dags if path in before else file.endswith(_MAY_BE_NEW_DAGS)
        if top != layout.DAGS or not own:
            others = True
        elif path in after:
            first.append(file)
    return Affected(tuple(first), others)
