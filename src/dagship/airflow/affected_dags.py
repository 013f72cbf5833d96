"""Which DAGs of an Airflow 2 a rollout changes: those whose runs must not be under way while it moves. Pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from dagship.model.artifacts import Target


class Dag(NamedTuple):
    """A DAG as the metadata database has it.

    Attributes:
        dag_id: Its id.
        file: Its file, relative to the DAGs folder.
        paused: Whether it is paused.
        running: Its runs that have begun and not ended.

    """

    dag_id: str
    file: str
    paused: bool
    running: int


def files(target: Target, running: str) -> tuple[str, ...] | None:
    """Returns the files in which the version that runs differs from the one that comes; None when unknown.

    Args:
        target: The image that comes.
        running: The version that runs, or empty.

    """
    if running and running == target.dag_version:
        return ()
    return target.dag_changes.get(running)


def affected(dags: Iterable[Dag], differ: Collection[str] | None, there: Collection[str]) -> tuple[Dag, ...]:
    """Returns the DAGs that a rollout changes.

    Any file may be imported or read by any DAG, so one that is no DAG file changes them all. A new Python file changes
    none: nothing that runs can know of it.

    Args:
        dags: Every active DAG.
        differ: The files that differ; None when that is not known.
        there: Those of them that the version has which runs.

    """
    dags = tuple(dags)
    if differ is None:
        return dags
    by_file = _by_file(dags)
    found: dict[str, Dag] = {}
    for path in differ:
        # A DAG in an archive has the archive's path before its own.
        own = [dag for file, those in by_file.items() if file == path or file.startswith(f"{path}/") for dag in those]
        if not own and path not in there and path.endswith(".py"):
            continue
        for dag in own or dags:
            found[dag.dag_id] = dag
    return tuple(dag for dag in dags if dag.dag_id in found)


def _by_file(dags: Iterable[Dag]) -> Mapping[str, list[Dag]]:
    found: dict[str, list[Dag]] = {}
    for dag in dags:
        found.setdefault(dag.file, []).append(dag)
    return found
