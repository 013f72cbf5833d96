"""Thin delivery on a real Airflow: from an edited DAG file to Airflow serving it, against pods replaced and git."""

import base64
import gzip
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import bodies
from bench.project import Project
from bench.real import Air, installed, must
from bench.table import Row
from bench.timing import spread
from dagship.errors import OutsideError
from dagship.model import thin
from tests.e2e import dags
from tests.e2e.api import Api, until
from tests.e2e.git_server import GitServer
from tests.e2e.releases import BRIDGE, NAME

CONFIG_MAP = f"configmap/{NAME}-dags"
# One worker: so it is known which one lacks a version.
_VALUES = {"workers": {"replicas": 1}}
_INTERVAL = 10
# A 95th percentile takes more than a median does; what takes minutes is measured less often.
_MORE, _FEW = 3, 3
_SOME, _MANY = 300, 1000
# Seconds in which Airflow has parsed so many files for the first time.
_FIRST = 3600.0
_MEDIAN, _MOST, _MEDIAN_OF_MANY, _BACK, _ADDED = 5.0, 8.0, 8.0, 3.5, 1.0
_BESIDES = 2048

ONE_OF_MANY = """import pendulum
from airflow.sdk import dag, task


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"))
def one_{number}():
    @task
    def nothing():
        pass

    nothing()


one_{number}()
"""


def rows(project: Project, rounds: int) -> list[Row]:
    """All of it on one Airflow, which has more and more DAG files."""
    with installed(project, "thin", _VALUES) as air:
        air.document("deploy", "--full")  # the first also moves to another repository
        few = min(rounds, _FEW)
        edits, stages = _edits(air, rounds * _MORE, "small")
        full, _ = _edits(air, few, "full", "--full")
        written = _written(air)
        back = _rollbacks(air, rounds)
        _grow(air, _SOME)
        added = _lacking(air, rounds)
        _grow(air, _MANY)
        many, of_many = _edits(air, rounds, "many")
        git = _git(air, few)
    return [
        _served(edits, stages, full, git),
        Row(
            what=f"the same with {_MANY} DAG files in the tree",
            against="",
            ours=spread(many),
            theirs="",
            result=f"{statistics.median(many):.1f} s",
            bound=f"≤ {_MEDIAN_OF_MANY:g} s",
            met=statistics.median(many) <= _MEDIAN_OF_MANY,
            remark=f"{_parts(of_many)}; the dag-processor reads all of them over and over meanwhile, on the same "
            "machine",
        ),
        Row(
            what="thin: `rollback`, to Airflow serving it",
            against="",
            ours=spread(back),
            theirs="",
            result=f"{statistics.median(back):.1f} s",
            bound=f"≤ {_BACK:g} s",
            met=statistics.median(back) <= _BACK,
        ),
        added,
        *written,
    ]


def _served(edits: Sequence[float], stages: dict[str, list[float]], full: Sequence[float], git: Sequence[float]) -> Row:
    half, most = statistics.median(edits), percentile(edits)
    return Row(
        what="thin: from an edited DAG file to Airflow serving it, no pod replaced",
        against=f"the same edit by `deploy --full`; by a push to git with an interval of {_INTERVAL} s",
        ours=f"{spread(edits)}, 95 of 100 within {most:.2f} s",
        theirs=f"{spread(full)}; {spread(git)}",
        result=f"{half:.1f} s, {most:.1f} s",
        bound=f"≤ {_MEDIAN:g} s, 95 of 100 ≤ {_MOST:g} s",
        met=half <= _MEDIAN and most <= _MOST,
        remark=f"{len(edits)} times `deploy`, whole processes: {_parts(stages)}; served is what the dag-processor has "
        "parsed and stored at the new version, and each time Airflow's API was asked once, at once afterwards",
    )


def _parts(stages: dict[str, list[float]]) -> str:
    return ", ".join(f"{stage} {statistics.median(seconds):.2f} s" for stage, seconds in stages.items())


def percentile(seconds: Sequence[float]) -> float:
    """Returns the seconds within which 95 of 100 are."""
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]


def _edits(air: Air, times: int, name: str, *how: str) -> tuple[list[float], dict[str, list[float]]]:
    """Edits the DAG and deploys; returns the seconds of each whole process, and those of its stages."""
    whole: list[float] = []
    stages: dict[str, list[float]] = {}
    for turn in range(times):
        tag = f"{name}-{turn}"
        air.write(hello=dags.hello(tag))
        pods, began = air.pods(), time.monotonic()
        done = air.document("deploy", *how)
        whole.append(time.monotonic() - began)
        with air.release.api() as api:
            if how:
                until(lambda: tag in api.tags("hello"), f"{tag} is served")  # noqa: B023 - called before the next turn
                whole[-1] = time.monotonic() - began
            elif tag not in api.tags("hello") or air.pods() != pods:
                raise OutsideError(f"{tag} is not served, or pods were replaced: {json.dumps(done['rollout'])[:2000]}")
        parts = {stage: seconds for stage, seconds in done["seconds"].items() if stage != "rollout"}
        for stage, seconds in (parts | done["rollout"]["seconds"]).items():
            stages.setdefault(stage, []).append(seconds)
    return whole, stages


def _rollbacks(air: Air, times: int) -> list[float]:
    """Goes back and forth between the last two versions."""
    took = []
    _edits(air, 2, "back")
    for turn in range(times):
        began = time.monotonic()
        air.document("rollback")
        took.append(time.monotonic() - began)
        with air.release.api() as api:
            if f"back-{turn % 2}" not in api.tags("hello"):
                raise OutsideError(f"back-{turn % 2} is not served after rollback {turn}")
    return took


def _written(air: Air) -> list[Row]:
    """What `deploy` sends to the API server for one edited file, and what stays of it in the ConfigMap."""
    text = dags.hello("written")
    air.write(hello=text)
    known: dict[str, str] = air.kubectl.get(CONFIG_MAP).get("binaryData") or {}
    sent = bodies.sent(
        air.directory, os.environ | {"KUBECONFIG": air.kubectl.kubeconfig},
        "deploy", f"--namespace={air.kubectl.namespace}",
    )  # fmt: skip
    now = air.kubectl.get(CONFIG_MAP)
    ((version, package),) = ((name, packed) for name, packed in now["binaryData"].items() if name not in known)
    current, entry = now["data"][thin.CURRENT], json.loads(now["data"][thin.PACKAGES])[version.removesuffix(".tgz")]
    parts = {
        "the package": len(base64.b64decode(package)),
        "what is announced": len(current),
        "its line in the list": len(json.dumps(entry)),
    }
    by_what = sorted(sent.bytes.items(), key=lambda one: -one[1])
    return [
        _of_file(
            "bytes written to the cluster for one edited file",
            sum(sent.bytes.values()),
            text,
            "the bodies of all requests that `deploy` writes with, as it sends them: "
            + ", ".join(f"{size} B in {sent.requests[what]} to {what}" for what, size in by_what)
            + f"; each write of the ConfigMap has the list of all {len(now['binaryData'])} packages; not counted are "
            "headers, and requests that change nothing",
        ),
        _of_file(
            "of them, what the edit adds to the ConfigMap that pods have mounted",
            sum(parts.values()),
            text,
            ", ".join(f"{what} {size} B" for what, size in parts.items()),
        ),
    ]


def _of_file(what: str, size: int, text: str, remark: str) -> Row:
    file = len(gzip.compress(text.encode(), mtime=0))
    return Row(
        what=what,
        against="size of that file, compressed",
        ours=f"{size} B",
        theirs=f"{file} B",
        result=f"{size - file:+} B",
        bound="≤ file + 2 KB",
        met=size - file <= _BESIDES,
        remark=remark,
    )


def _grow(air: Air, number: int) -> None:
    """Puts so many DAG files into the tree and the image, and waits until all of them were parsed."""
    for each in range(number):
        (air.directory / "dags" / f"one_{each}.py").write_text(ONE_OF_MANY.format(number=each), "utf-8")
    air.document("deploy", "--full")
    with air.release.api() as api:
        until(lambda: api("GET", "/dags?limit=1")["total_entries"] > number, f"{number} files are parsed", _FIRST)


def _lacking(air: Air, times: int) -> Row:
    """The first task of a version on the one worker that there is, and the second."""
    first, second = [], []
    for turn in range(times):
        _edits(air, 1, f"lacking-{turn}")
        with air.release.api() as api:
            first.append(_task(api))
            second.append(_task(api))
    added = statistics.median(first) - statistics.median(second)
    return Row(
        what=f"first task of a worker that lacks the version, {_SOME} files in the tree",
        against="the next task of that version",
        ours=spread(first),
        theirs=spread(second),
        result=f"{added:+.2f} s",
        bound=f"≤ +{_ADDED:g} s",
        met=added <= _ADDED,
        remark="what Airflow counts from the task's start to its end",
    )


def _task(api: Api) -> float:
    run = api.ran("hello")
    found: dict[str, Any] = api("GET", f"/dags/hello/dagRuns/{run}/taskInstances/say")
    return float(found["duration"])


def _git(air: Air, times: int) -> list[float]:
    """The same edit by a push, on the same Airflow; it has few files again."""
    took = []
    with tempfile.TemporaryDirectory(prefix="dagship-bench-") as scratch:
        server = GitServer(Path(scratch), BRIDGE)
        server.commit(hello=dags.hello("git"), words=dags.words("git"))
        server.push()
        server.start()
        try:
            values = _VALUES | {"dags": server.delivers("git", _INTERVAL)}
            must(air.release.install(air.directory, values=values))
            with air.release.api() as api:
                _until_served(api, "git")
                for turn in range(times):
                    server.commit(hello=dags.hello(f"git-{turn}"))
                    began = time.monotonic()
                    server.push()
                    _until_served(api, f"git-{turn}")
                    took.append(time.monotonic() - began)
        finally:
            server.stop()
    return took


def _until_served(api: Api, tag: str) -> None:
    until(lambda: tag in api.tags("hello"), f"{tag} is served")
