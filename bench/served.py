"""From Airflow having stored a DAG version to `deploy` saying that it is served, on a real Airflow."""

import json
import statistics
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from bench.project import Project
from bench.real import Air, installed
from bench.table import Row
from bench.thin import ONE_OF_MANY, percentile
from bench.timing import Told, run_until, spread
from dagship.airflow_api.api import Api
from dagship.errors import OutsideError
from tests.e2e import dags

_VALUES = {"workers": {"replicas": 1}, "triggerer": {"replicas": 0}}
# A 95th percentile takes more than a median does; each move of all pods takes a minute.
_MORE, _FEW = 3, 5
_MOST = 2.0
# DAG files that no edit changes: by itself Airflow reads each of them anew half a minute after it was read last.
_OTHERS = 20
_EVERY = 0.25
_OF_ONE = "the one DAG that changed"
_OF_ALL = "the last of all DAGs, which are all read anew"
_MARK = "✓ Waiting until Airflow serves it"


class _Said(NamedTuple):
    """What came of a deploy, in seconds.

    Attributes:
        after: From the version being stored, and the dag-processor's pod being ready, to `deploy` saying that it is
            served.
        stored: The same from the version being stored alone.
        ended: From then to the end of the process.

    """

    after: float
    stored: float
    ended: float


def rows(project: Project, rounds: int) -> list[Row]:
    """Deploys an edit again and again, announced and by moving every pod; Airflow is asked by either way in turn."""
    with installed(project, "served", _VALUES) as air:
        air.write(**{f"one_{number}": ONE_OF_MANY.format(number=number) for number in range(_OTHERS)})
        air.document("deploy", "--full")  # the first also moves to another repository
        ways = {"by exec": air, "by REST": replace(air, release=air.release.by_rest())}
        announced: dict[str, list[_Said]] = {way: [] for way in ways}
        moved: dict[str, list[_Said]] = {way: [] for way in ways}
        for turn in range(rounds * _MORE):
            for way, by in ways.items():
                announced[way].append(_said(by, f"{way} thin {turn}"))
        for turn in range(min(rounds, _FEW)):
            for way, by in ways.items():
                moved[way].append(_said(by, f"{way} full {turn}", "--full"))
    return [
        _row(f"{how}, asked {way}", last, said)
        for how, last, each in (
            ("announced to pods that stay", _OF_ONE, announced),
            ("every pod moves", _OF_ALL, moved),
        )
        for way, said in each.items()
    ]


def _row(way: str, last: str, said: Sequence[_Said]) -> Row:
    seconds = [one.after for one in said]
    most = percentile(seconds)
    ended = statistics.median(one.ended for one in said)
    ready = (
        "or from when its pod was ready, by the whole second that Kubernetes notes, where that was later (from the "
        f"first alone: {spread([one.stored for one in said])}), "
    )
    return Row(
        what=f"from Airflow having stored the DAG version to `deploy` saying that it is served, {way}",
        against="",
        ours=f"{spread(seconds)}, 95 of 100 within {most:.2f} s",
        theirs="",
        result=f"{most:.2f} s",
        bound=f"95 of 100 ≤ {_MOST:g} s",
        met=most <= _MOST,
        remark=f"{len(seconds)} times, beside {_OTHERS} DAG files that no edit changes; from when the dag-processor "
        f"began to write {last}, for the first time at that version, by its own clock, which is that of this machine, "
        f"{ready if last == _OF_ALL else ''}to the line that says it; {ended:.2f} s later, the median, the process has "
        "ended: it records the release, and asks what became of tasks where pods moved",
    )


def _said(air: Air, tag: str, *how: str) -> _Said:
    """Edits a DAG and deploys."""
    air.write(hello=dags.hello(tag))
    with _stored(air) as stored:
        began = time.time()
        told = _deploy(air, *how)
    version = json.loads((air.directory / ".dagship" / "push.json").read_text("utf-8"))["dag_version"]
    with air.release.api() as api:
        if tag not in api.tags("hello"):
            raise AssertionError(f"{tag} is not served, and deploy says so")
    read = {dag_id: at for (dag_id, its), at in stored.items() if its == version}
    if "--full" in how and len(read) <= _OTHERS:
        raise AssertionError(f"{len(read)} DAGs are read, and deploy says that all are")
    last = max(read.values()) if "--full" in how else read["hello"]
    served = began + told.seconds
    return _Said(served - max(last, _ready(air)), served - last, told.whole - told.seconds)


def _ready(air: Air) -> float:
    """When the pod of the dag-processor was ready, epoch seconds."""
    (pod,) = [
        one
        for one in air.kubectl.get("pods")["items"]
        if one["metadata"]["labels"].get("app.kubernetes.io/component") == "dag-processor"
        and "deletionTimestamp" not in one["metadata"]
    ]
    (ready,) = [one for one in pod["status"]["conditions"] if one["type"] == "Ready"]
    return datetime.fromisoformat(ready["lastTransitionTime"]).timestamp()


def _deploy(air: Air, *how: str) -> Told:
    return run_until(air.release.command("deploy", *how), _MARK, cwd=air.directory, env=air.release.environment)


@contextmanager
def _stored(air: Air) -> Iterator[Mapping[tuple[str, str], float]]:
    """When each DAG was stored first at each version, epoch seconds: Airflow itself keeps the last time alone."""
    api, stop = Api(air.release.access(), patience=0), threading.Event()
    found: dict[tuple[str, str], float] = {}

    def look() -> None:
        for one in api.get("dags", limit=100).document["dags"]:
            key = (one["dag_id"], one["bundle_version"])
            found.setdefault(key, datetime.fromisoformat(one["last_parsed_time"]).timestamp())

    def watch() -> None:
        while not stop.wait(_EVERY):
            with suppress(OutsideError):  # it moves as well
                look()

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield found
        look()
    finally:
        stop.set()
        watching.join()
