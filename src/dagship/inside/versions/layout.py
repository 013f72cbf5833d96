"""What lies in the directory of a version: the DAG directory, and beside it what DAGs import from the rest. Pure.

    VERSION/dags        the DAG directory; Airflow is given this one
    VERSION/include     each directory or module that is included, by its own last name
    VERSION/pipelines   a link to dags, where the project has the DAG directory under that name

Paths are those of the project or the repository, with `/` and without `.` in them; the top is empty.
"""

import keyword
from collections.abc import Mapping, Sequence

DAGS = "dags"


class Wrong(Exception):  # noqa: N818 - what is raised is a sentence for people
    """What is included cannot lie there; the text is a sentence."""


def link(dags: str) -> str:
    """Returns the name by which DAGs import from their own directory in the project; empty where it needs no link."""
    name = _last(dags)
    return name if name != DAGS and _is_module(name) else ""


def beside(dags: str, include: Sequence[str]) -> Mapping[str, str]:
    """Returns what lies beside the DAG directory: name to path, sorted.

    Args:
        dags: The DAG directory.
        include: What is included.

    Raises:
        Wrong: Two have one name, or one lies in another.

    """
    found: dict[str, str] = {}
    for path in include:
        if not path:
            raise Wrong("include names the whole project; name what the DAGs import or read of it.")
        if _within(path, dags):
            raise Wrong(f"include names {path}, which lies in the DAG directory: what is there goes in by itself.")
        outer = next((other for other in include if other != path and _within(path, other)), None)
        if outer is not None:
            raise Wrong(f"include names {path} and {outer}, which holds it already: one of them is enough.")
        name = _last(path).removesuffix(".py")
        if name in (DAGS, link(dags)):
            raise Wrong(f"include names {path}, and the DAG directory has the name {name} in a version.")
        other = next((one for one in found.values() if _last(one).removesuffix(".py") == name), None)
        if other is not None:
            raise Wrong(f"include names {other} and {path}, which would both be {name}.")
        found[_last(path)] = path
    return dict(sorted(found.items()))


def can_be_imported(name: str) -> bool:
    """Whether Python has a way to import what is called so."""
    return _is_module(name.removesuffix(".py"))


def _within(path: str, directory: str) -> bool:
    return not directory or path == directory or path.startswith(f"{directory}/")


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _is_module(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)
