"""Seconds until a rollout that cannot end well says so, against `kubectl rollout status`, which goes on waiting."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.airflow import never_pushed, running
from bench.project import Project
from bench.table import Row
from bench.timing import Told, spread
from tests.builders import airflow as airflows
from tests.builders.airflow import Object
from tests.cluster import images

_PATIENCE = 60
_AGAINST = f"`kubectl set image` and `kubectl rollout status --timeout={_PATIENCE}s`"


@dataclass(frozen=True, kw_only=True)
class _Fault:
    """A rollout that cannot end well.

    Attributes:
        what: What is wrong with the image.
        image: Returns it.
        bound: Seconds in which that must be known.

    """

    what: str
    image: Callable[[], str]
    bound: float


_FAULTS = (
    _Fault(what="an image that the registry does not have", image=never_pushed, bound=10.0),
    _Fault(what="a container that crashes", image=lambda: images.image("bench-a", "crashes"), bound=20.0),
)


def _worker(image: str) -> Object:
    template = airflows.pod(airflows.container("worker", image, "celery", "worker"), name="worker")
    return airflows.stateful_set("worker", template, replicas=2)


def _scheduler(image: str) -> Object:
    template = airflows.pod(airflows.container("scheduler", image, "scheduler"), name="scheduler")
    return airflows.deployment("scheduler", template)


_MADE = {"StatefulSet": _worker, "Deployment": _scheduler}


def rows(project: Project, rounds: int) -> list[Row]:
    """Both faults, in a StatefulSet and in a Deployment."""
    good = images.image("bench-a")
    ours: dict[tuple[str, str], list[Told]] = {}
    for kind, made in _MADE.items():
        with running(project.directory, made(good)) as airflow:
            for fault in _FAULTS:
                ours[kind, fault.what] = [airflow.rollout_that_fails(fault.image()) for _ in range(min(rounds, 5))]
    # It only waits, and may as well do so in four places at once.
    cases = [(fault, kind) for fault in _FAULTS for kind in _MADE]
    with ThreadPoolExecutor() as threads:
        theirs = list(threads.map(lambda case: _theirs(project, good, *case), cases))
    return [
        _row(fault, kind, ours[kind, fault.what], answer) for (fault, kind), answer in zip(cases, theirs, strict=True)
    ]


def _theirs(project: Project, good: str, fault: _Fault, kind: str) -> str:
    with running(project.directory, _MADE[kind](good)) as airflow:
        image = fault.image()
        name = _MADE[kind](image)["metadata"]["name"]
        began = time.perf_counter()
        airflow.kubectl("set", "image", f"{kind.lower()}/{name}", f"{name}={image}")
        finished = airflow.kubectl.run("rollout", "status", f"{kind.lower()}/{name}", f"--timeout={_PATIENCE}s")
        seconds = time.perf_counter() - began
    if finished.returncode == 0:
        return f"calls it a success after {seconds:.0f} s"
    return f"no answer in {_PATIENCE} s" if seconds >= _PATIENCE - 1 else f"{seconds:.1f} s"


def _row(fault: _Fault, kind: str, told: list[Told], theirs: str) -> Row:
    seconds = [one.seconds for one in told]
    median = statistics.median(seconds)
    return Row(
        what=f"{fault.what}, {kind}: until it is reported",
        against=_AGAINST,
        ours=spread(seconds),
        theirs=theirs,
        result=f"{median:.1f} s",
        bound=f"≤ {fault.bound:g} s",
        met=median <= fault.bound,
        remark=f"from the start of the process, with no engine to ask the registry through beforehand; it ends, with "
        f"everything back, after {spread([one.whole for one in told])}",
    )
