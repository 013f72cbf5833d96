"""Holds DAGs of an Airflow 2, and lets them go, with Python in the container of its scheduler."""

import base64
import json
import zlib
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from dagship.airflow import pause_scripts, query
from dagship.airflow.affected_dags import Dag

if TYPE_CHECKING:
    from dagship.airflow.query import Where
    from dagship.cluster.api import Cluster

# Arguments are part of a web address, which proxies let be some 8000 characters long.
_AT_A_TIME = 100


class Looked(NamedTuple):
    """What an Airflow says before anything is held.

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


class Holding(NamedTuple):
    """How far holding has come.

    Attributes:
        held: DAGs that are paused by us.
        running: DAG to its runs that are under way.
        frozen: DAGs that somebody else paused in the middle of a run.
        done: Whether no run is under way, and none can begin.

    """

    held: tuple[str, ...]
    running: dict[str, int]
    frozen: tuple[str, ...]
    done: bool


def look(cluster: "Cluster", where: "Where", paths: Iterable[str] = ()) -> Looked:
    """Asks for every active DAG.

    Raises:
        CannotAsk: There was no answer.

    """
    said = query.run(cluster, where, pause_scripts.LOOK, _packed(sorted(paths)))
    try:
        return Looked(
            airflow=str(said["airflow"]),
            asked=float(said.get("asked", 0.0)),
            version=str(said.get("version", "")),
            dags=tuple(Dag(str(i), str(file), bool(paused), int(on)) for i, file, paused, on in said.get("dags", ())),
            there=frozenset(map(str, said.get("there", ()))),
        )
    except (KeyError, TypeError, ValueError) as wrong:
        raise query.CannotAsk("What Airflow answered cannot be read.") from wrong


def hold(cluster: "Cluster", where: "Where", dags: Collection[str], *, since: float, seconds: float) -> Holding:
    """Pauses each DAG as soon as none of its runs is under way; ends when all are, or after some seconds.

    Args:
        cluster: The namespace.
        where: The scheduler.
        dags: The DAGs.
        since: When holding began: what was paused for it since then is ours.
        seconds: How long to go on.

    Raises:
        CannotAsk: There was no answer; it may go on for that long.

    """
    parts = list(_parts(sorted(dags)))
    held: set[str] = set()
    running: dict[str, int] = {}
    frozen: list[str] = []
    done = True
    for part in parts:
        said = query.run(
            cluster, where, pause_scripts.HOLD,
            _packed({"dags": part, "since": since, "seconds": seconds / len(parts)}),
        )  # fmt: skip
        try:
            held.update(map(str, said["held"]))
            running.update({str(dag): int(runs) for dag, runs in said["running"].items()})
            frozen += map(str, said["frozen"])
            done = done and said["done"] is True
        except (AttributeError, KeyError, TypeError, ValueError) as wrong:
            raise query.CannotAsk("What Airflow answered cannot be read.") from wrong
    return Holding(held=tuple(sorted(held)), running=running, frozen=tuple(frozen), done=done)


def let_go(cluster: "Cluster", where: "Where", dags: Collection[str], *, since: float) -> tuple[str, ...]:
    """Unpauses those of the DAGs that were paused by us since then; returns them.

    Raises:
        CannotAsk: There was no answer.

    """
    gone: list[str] = []
    for part in _parts(sorted(dags)):
        said = query.run(cluster, where, pause_scripts.LET_GO, _packed({"dags": part, "since": since}))
        gone += map(str, said.get("let_go") or ())
    return tuple(gone)


def _parts(dags: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(dags), _AT_A_TIME):
        yield dags[start : start + _AT_A_TIME]


def _packed(value: Any) -> str:  # noqa: ANN401 - JSON
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(value).encode())).decode()
