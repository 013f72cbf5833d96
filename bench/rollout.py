"""`rollout` against `kubectl set image` and polling by hand: a whole one, and the plan of a large one."""

import json
import statistics
import time
from collections.abc import Iterator, Sequence

from bench.airflow import Airflow, running
from bench.project import Project
from bench.table import Row, ratio_row
from bench.timing import alternately, spread
from tests.builders import airflow as airflows
from tests.builders.airflow import Object
from tests.cluster import images
from tests.cluster.kubectl import Kubectl

WORKERS = 3
# In dagship's order: what moves together stands in one line. Name of the workload, which is that of its container, and
# the number of its pods.
STEPS = (
    {"worker": WORKERS},
    {"triggerer": 1, "scheduler": 1, "api-server": 1, "flower": 1},
    {"dag-processor": 1},
)
_MANY = 20
_PLAN_SECONDS = 3.0
# What people write between two looks.
_PAUSE = 1.0


def objects(image: str, *, workers: int = WORKERS) -> tuple[Object, ...]:
    """A StatefulSet of workers and five Deployments, each with a readiness probe."""
    flower = airflows.pod(airflows.container("flower", image, "celery", "flower"), name="flower")
    return (*airflows.celery(image, workers=workers), airflows.deployment("flower", flower))


def rows(project: Project, rounds: int) -> list[Row]:
    """All six workloads to another image and back, each side in turn."""
    there = _in_turn(images.image("bench-a"), images.image("bench-b"))
    with running(project.directory, *objects(next(there))) as airflow:

        def ours() -> float:
            return airflow.rollout(next(there)).seconds

        def theirs() -> float:
            began = time.perf_counter()
            by_hand(airflow.kubectl, next(there))
            return time.perf_counter() - began

        # Each image is on the node after this, and what a first rollout writes down is written down.
        ours(), theirs()
        pair = alternately(ours, theirs, rounds)
    return [
        ratio_row(
            what=f"whole rollout of a StatefulSet ({WORKERS} pods) and 5 Deployments",
            against="`kubectl set image` in the same order, and a look at the pods each second until all are new and "
            "ready and the old are gone",
            pair=pair,
            bound=1.15,
            remark="every container has a readiness probe, and the node has both images",
        )
    ]


def plan_rows(project: Project, rounds: int) -> list[Row]:
    """`rollout --dry-run`: preflight, plan, and every patch shown to the server."""
    before, after = images.image("bench-a"), images.image("bench-b")
    many = [
        airflows.deployment(name, airflows.pod(airflows.container(name, before, "triggerer", probe=False), name=name))
        for name in (f"triggerer-{number}" for number in range(_MANY))
    ]
    with running(project.directory, *many) as airflow:
        seconds = [_planned(airflow, after) for _ in range(rounds)]
    whole = [each for each, _ in seconds]
    median = statistics.median(whole)
    row = Row(
        what=f"`rollout --dry-run` on {_MANY} workloads",
        against="",
        ours=spread(whole),
        theirs="",
        result=f"{median:.2f} s",
        bound=f"≤ {_PLAN_SECONDS:g} s",
        met=median <= _PLAN_SECONDS,
        remark=f"from the start of the process to its end; preflight, the server's answer to each patch included, is "
        f"{spread([preflight for _, preflight in seconds])} of it",
    )
    return [row]


def _planned(airflow: Airflow, image: str) -> tuple[float, float]:
    """Seconds of a whole dry run, and those of the preflight in it."""
    timed = airflow.rollout(image, "--dry-run", "--json")
    return timed.seconds, json.loads(timed.stdout)["seconds"]["preflight"]


def by_hand(kubectl: Kubectl, image: str) -> None:
    """Moves step by step as a careful person does in a script."""
    for step in STEPS:
        for name in step:
            kind = "statefulset" if name == "worker" else "deployment"
            kubectl("set", "image", f"{kind}/{name}", f"{name}={image}")
        while not _settled(kubectl.get("pods")["items"], step, image):
            time.sleep(_PAUSE)


def _settled(pods: Sequence[Object], step: dict[str, int], image: str) -> bool:
    for name, wanted in step.items():
        own = [pod for pod in pods if pod["metadata"]["labels"].get("app") == name]
        if len(own) != wanted or not all(_right(pod, image) for pod in own):
            return False
    return True


def _right(pod: Object, image: str) -> bool:
    ready = {one["type"]: one["status"] for one in pod["status"].get("conditions", [])}.get("Ready") == "True"
    return ready and pod["spec"]["containers"][0]["image"] == image and "deletionTimestamp" not in pod["metadata"]


def _in_turn(*names: str) -> Iterator[str]:
    while True:
        yield from names
