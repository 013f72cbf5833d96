"""Rollouts in processes of their own that die where they are told to, by SIGKILL: nothing of them runs after that.

A boundary is a moment that a rollout passes: each write to the cluster has just succeeded, the first pods of a
workload are right, a step has ended. Between two of them it only reads and waits, so that dying there is the same.

As a program it reads jobs from standard input. What a rollout imports is imported once; each job is a fork.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from dagship.cluster import connection
from dagship.cluster.api import Cluster, Object
from dagship.errors import DagshipError
from dagship.model.artifacts import Target
from dagship.record import lease
from dagship.record.lease import Lease
from dagship.rollout import actions
from dagship.rollout.options import RolloutOptions
from dagship.terminal.board import Board
from dagship.terminal.console import Console
from tests.builders import thin
from tests.machine import ROOT

# No job of a test takes longer; one that does is ended, and its test fails.
_LIMIT = 300


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run.

    Attributes:
        namespace: Where.
        way: `rollout` to `image`, or `undo`.
        image: By digest.
        at: The boundary at which it dies; empty to live.
        lease: Seconds that its lease lasts.
        force_ownership: As `RolloutOptions` has it.
        onto: The image that runs, by digest, where `image` brings a DAG version to it; empty for one that moves pods.
        version: That DAG version; without `onto` the one that the image has.

    """

    namespace: str
    way: Literal["rollout", "undo"] = "rollout"
    image: str = ""
    at: str = ""
    lease: float = 30.0
    force_ownership: bool = False
    onto: str = ""
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a job.

    Attributes:
        status: Exit status; the negative of a signal's number if that killed it.
        boundaries: Those that it passed, in order.
        said: What it told people.
        result: The rollout's result; empty for one that failed or died.
        error: Class and message of what it raised, or empty.

    """

    status: int
    boundaries: list[str]
    said: str
    result: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL


def run(*jobs: Job, kubeconfig: str) -> list[Outcome]:
    """Runs jobs, all at once."""
    finished = subprocess.run(
        [sys.executable, "-m", "tests.cluster.killer"],
        cwd=ROOT,
        env={**os.environ, "KUBECONFIG": kubeconfig},
        input=json.dumps([asdict(job) for job in jobs]),
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    return [Outcome(**one) for one in json.loads(finished.stdout)]


class Boundaries:
    """Those passed so far; the process dies at the one it is told to.

    Args:
        at: That one.
        passed: File for their names, one a line.

    """

    def __init__(self, at: str, passed: Path) -> None:
        self._at = at
        self._passed = passed.open("w", encoding="utf-8", buffering=1)
        self._seen: Counter[str] = Counter()

    def passing(self, what: str) -> None:
        """Is told of a boundary; a second one of the same name is `name (2)`."""
        if threading.current_thread() is not threading.main_thread():
            return  # the lease is renewed by the clock
        self._seen[what] += 1
        name = what if self._seen[what] == 1 else f"{what} ({self._seen[what]})"
        print(name, file=self._passed)
        if name == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def passing_once(self, what: str, key: str = "") -> None:
        """The same for what may or may not be seen again."""
        if not self._seen[key or what]:
            self.passing(what)
            self._seen[key or what] = 1


class MortalCluster(Cluster):
    """A cluster whose every successful write is a boundary."""

    boundaries: Boundaries

    def create(self, kind: str, body: Object, *, dry_run: bool = False) -> Object:
        made = super().create(kind, body, dry_run=dry_run)
        self.boundaries.passing(f"create {kind}/{body['metadata']['name']}")
        return made

    def replace(self, kind: str, name: str, body: Object) -> Object:
        made = super().replace(kind, name, body)
        self.boundaries.passing(f"replace {kind}/{name}")
        return made

    def patch(self, kind: str, name: str, body: Object, *, dry_run: bool = False) -> Object:
        made = super().patch(kind, name, body, dry_run=dry_run)
        self.boundaries.passing(f"patch {kind}/{name}")
        return made

    def delete(self, kind: str, name: str, *, uid: str, grace: int | None = None) -> bool:
        was_there = super().delete(kind, name, uid=uid, grace=grace)
        self.boundaries.passing_once(f"delete {kind}/{name}", key=uid)
        return was_there


class MortalConsole(Console):
    """A console that knows the steps, and what comes of them."""

    boundaries: Boundaries

    @contextmanager
    def board(self, title: str) -> Iterator[Board]:
        with super().board(title) as board:
            row = board.row

            def watched(name: str, ready: int, desired: int, what: str) -> None:
                row(name, ready, desired, what)
                if 0 < ready < desired:
                    self.boundaries.passing_once(f"{title}: {name} {ready}/{desired}")

            board.row = watched  # type: ignore[method-assign]
            yield board
        self.boundaries.passing(f"end of {title}")


def _do(job: Job, place: Path) -> dict[str, Any]:
    boundaries = Boundaries(job.at, place / "boundaries")
    found = connection.connect(context="", namespace=job.namespace)
    cluster = MortalCluster(found._transport, namespace=found.namespace, context=found.context)
    cluster.boundaries = boundaries
    console = MortalConsole(stderr=(place / "said").open("w", encoding="utf-8", buffering=1))
    console.boundaries = boundaries
    lease.Lease = partial(Lease, duration=job.lease)  # type: ignore[misc,assignment]
    asked = RolloutOptions(force_ownership=job.force_ownership)
    try:
        if job.way == "undo":
            result = actions.undo(cluster, console, asked, _package)
        else:
            digest, airflow = job.image.partition("@")[2], "3.3.2" if job.version else ""
            target = Target(image=job.image, digest=digest, dag_version=job.version, airflow=airflow)
            if job.onto:
                target = thin.target(job.version, job.image, onto=job.onto)
            result = actions.rollout(cluster, console, target, asked, _package)
    except DagshipError as failed:
        return {"error": f"{type(failed).__name__}: {failed.message} {failed.hint}"}
    return {"result": result.model_dump(mode="json")}


def _package(of: str) -> bytes:
    return f"package of {of}".encode()


def _in_a_process(job: Job, place: Path) -> int:
    """Starts a job and returns its process."""
    place.mkdir()
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        signal.alarm(_LIMIT)
        (place / "came").write_text(json.dumps(_do(job, place)), "utf-8")
        status = 0
    except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
        (place / "came").write_text(json.dumps({"error": traceback.format_exc()}), "utf-8")
    os._exit(status)


def _read(place: Path, status: int) -> Outcome:
    def text(name: str) -> str:
        return (place / name).read_text("utf-8") if (place / name).exists() else ""

    came = {} if status < 0 else json.loads(text("came"))
    return Outcome(status=status, boundaries=text("boundaries").splitlines(), said=text("said"), **came)


def main() -> None:
    """Runs the jobs of standard input, and writes what became of them."""
    import kubernetes.client.rest
    import kubernetes.config  # noqa: F401 - once for all forks

    jobs = [Job(**one) for one in json.load(sys.stdin)]
    with tempfile.TemporaryDirectory() as scratch:
        places = [Path(scratch, str(number)) for number in range(len(jobs))]
        processes = [_in_a_process(job, place) for job, place in zip(jobs, places, strict=True)]
        statuses = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes]
        outcomes = [asdict(_read(place, status)) for place, status in zip(places, statuses, strict=True)]
    json.dump(outcomes, sys.stdout)


if __name__ == "__main__":
    main()
