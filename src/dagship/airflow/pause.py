"""The DAGs of an Airflow 2 before they are paused, and how far pausing them has come: frozen values. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from dagship.airflow.affected_dags import Dag

# Arguments are part of a web address, which proxies let be some 8000 characters long.
_AT_A_TIME = 100


class DagList(NamedTuple):
    """The DAGs of an Airflow.

    Attributes:
        airflow: Its version.
        asked: When, epoch seconds by its clock.
        version: DAG version that it runs, or empty.
        dags: Its active DAGs; none of an Airflow 3.
        there: Of the files that were asked about those that this version has.

    """

    airflow: str
    asked: float
    version: str
    dags: tuple[Dag, ...]
    there: frozenset[str]


class Pausing(NamedTuple):
    """How far pausing has come.

    Attributes:
        paused: DAGs that are paused by us.
        running: DAG to its runs that are under way.
        frozen: DAGs that somebody else paused in the middle of a run.
        done: Whether no run is under way, and none can begin.

    """

    paused: tuple[str, ...]
    running: dict[str, int]
    frozen: tuple[str, ...]
    done: bool


def read_dags(said: Mapping[str, Any]) -> DagList:
    """Reads an answer.

    Raises:
        KeyError, TypeError, ValueError: It is none.

    """
    return DagList(
        airflow=str(said["airflow"]),
        asked=float(said.get("asked", 0.0)),
        version=str(said.get("version", "")),
        dags=tuple(Dag(str(i), str(file), bool(paused), int(on)) for i, file, paused, on in said.get("dags", ())),
        there=frozenset(map(str, said.get("there", ()))),
    )


def read_pausing(answers: Iterable[Mapping[str, Any]]) -> Pausing:
    """Reads the answers for all parts of some DAGs.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: One is none.

    """
    paused: set[str] = set()
    running: dict[str, int] = {}
    frozen: list[str] = []
    done = True
    for said in answers:
        paused.update(map(str, said["paused"]))
        running.update({str(dag): int(runs) for dag, runs in said["running"].items()})
        frozen += map(str, said["frozen"])
        done = done and said["done"] is True
    return Pausing(paused=tuple(sorted(paused)), running=running, frozen=tuple(frozen), done=done)


def parts(dags: Iterable[str]) -> Iterator[list[str]]:
    """Returns DAGs in parts that fit into a command."""
    every = sorted(dags)
    for start in range(0, len(every), _AT_A_TIME):
        yield every[start : start + _AT_A_TIME]
