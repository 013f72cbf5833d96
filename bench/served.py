"""From Airflow having stored a DAG version to `deploy` saying that it is served, on a real Airflow."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bench.project import Project
from bench.real import Air, installed
from bench.table import Row
from bench.thin import percentile
from bench.timing import spread
from tests.e2e import dags

_VALUES = {"workers": {"replicas": 1}, "triggerer": {"replicas": 0}}
# A 95th percentile takes more than a median does; each move of all pods takes a minute.
_MORE, _FEW = 3, 5
_MOST = 2.0


def rows(project: Project, rounds: int) -> list[Row]:
    """Deploys an edit again and again, announced and by moving every pod; Airflow is asked by either way in turn."""
    with installed(project, "served", _VALUES) as air:
        air.document("deploy", "--full")  # the first also moves to another repository
        ways = {"by exec": air, "by REST": replace(air, release=air.release.by_rest())}
        announced: dict[str, list[float]] = {way: [] for way in ways}
        moved: dict[str, list[float]] = {way: [] for way in ways}
        for turn in range(rounds * _MORE):
            for way, by in ways.items():
                announced[way].append(_said(by, f"{way} thin {turn}"))
        for turn in range(min(rounds, _FEW)):
            for way, by in ways.items():
                moved[way].append(_said(by, f"{way} full {turn}", "--full"))
    return [
        _row(f"{how}, asked {way}", seconds)
        for how, each in (("announced to pods that stay", announced), ("every pod moves", moved))
        for way, seconds in each.items()
    ]


def _row(way: str, seconds: Sequence[float]) -> Row:
    most = percentile(seconds)
    return Row(
        what=f"from Airflow having stored the DAG version to `deploy` ending with that, {way}",
        against="",
        ours=f"{spread(seconds)}, 95 of 100 within {most:.2f} s",
        theirs="",
        result=f"{most:.2f} s",
        bound=f"95 of 100 ≤ {_MOST:g} s",
        met=most <= _MOST,
        remark=f"{len(seconds)} times; stored is when the dag-processor began to write the last DAG, by its own clock, "
        "which is that of this machine; the release is recorded meanwhile",
    )


def _said(air: Air, tag: str, *how: str) -> float:
    """Edits the DAG and deploys; returns the seconds from the last DAG being stored to the end of the process."""
    air.write(hello=dags.hello(tag))
    air.document("deploy", *how)
    ended = time.time()
    with air.release.api() as api:
        if tag not in api.tags("hello"):
            raise AssertionError(f"{tag} is not served, and deploy says so")
        stored = max(one["last_parsed_time"] for one in api("GET", "/dags")["dags"])
    return ended - datetime.fromisoformat(stored).timestamp()
