"""Rollouts in which something goes wrong, and a rollback: none of it may cost a run its code or a task its end."""

import json
import subprocess
import time
from collections.abc import Callable, Iterable
from typing import Any

from tests.e2e.conftest import REGISTRY
from tests.e2e.soak.by_dagship import Dagship
from tests.e2e.soak.driver import Driver
from tests.e2e.soak.evidence import Delivered

_LOOK = 0.5
_LIMIT = 300.0
_OF_WORKERS = "--selector=app.kubernetes.io/component=worker"


def faults(delivery: Dagship, driver: Driver, first: int) -> Iterable[Callable[[], Delivered]]:
    """All of them, beginning with this version."""
    yield lambda: worker_deleted(delivery, first)
    yield lambda: killed(delivery, first + 1)
    yield lambda: broken(delivery, first + 2)
    yield lambda: delivery.deliver(first + 3)
    # Runs began on the newer version meanwhile.
    yield lambda: rolled_back(delivery, driver, first + 1)
    yield lambda: delivery.deliver(first + 4)


def worker_deleted(delivery: Dagship, number: int) -> Delivered:
    """While one worker drains somebody deletes all of them, as who drains nodes does."""
    delivery.image(number)
    began = time.time()
    child = delivery.start("rollout")
    names = _draining(delivery, child)
    workers = delivery.release.kubectl("get", "pods", _OF_WORKERS, "--output=name").split()
    assert len(workers) > len(names), workers
    delivery.release.kubectl("delete", *workers, "--wait=false")
    result = _ended(child, 0)
    return delivery.delivered(number, began, result, "rollout, all workers deleted while one drains")


def killed(delivery: Dagship, number: int) -> Delivered:
    """The rollout is killed while a worker drains, and run again."""
    delivery.image(number)
    began = time.time()
    child = delivery.start("rollout")
    _draining(delivery, child)
    child.kill()
    child.communicate()
    result = _ended(delivery.start("rollout"), 0)
    return delivery.delivered(number, began, result, "rollout, killed while a worker drains and run again")


def broken(delivery: Dagship, number: int) -> Delivered:
    """An image that cannot start; what ran before is there again afterwards."""
    image = delivery.image(number)
    tag = f"{REGISTRY}/dagship-test/chart:{delivery.release.kubectl.namespace}-broken"
    dockerfile = f'FROM {image}\nENTRYPOINT ["/bin/false"]\n'
    for command, given in (
        (["docker", "buildx", "build", "--quiet", "--load", "--provenance=false", f"--tag={tag}", "-"], dockerfile),
        (["docker", "push", "--quiet", tag], ""),
    ):
        done = subprocess.run(command, input=given, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    began = time.time()
    result = _ended(delivery.start("rollout", f"--image={tag}"), 1)
    assert result["outcome"] == "undone", result
    return delivery.delivered(number - 1, began, result, "rollout of a broken image, undone")


def rolled_back(delivery: Dagship, driver: Driver, number: int) -> Delivered:
    """Goes back while runs that began on the newer version are at work."""
    driver.wait("long", since=time.time())  # The one it goes back from is served, so the run began on it.
    return delivery.back(number)


def _draining(delivery: Dagship, child: subprocess.Popen[str]) -> list[str]:
    """Waits until a worker is ending; returns the names of those that are."""
    deadline = time.monotonic() + _LIMIT
    while True:
        items = json.loads(delivery.release.kubectl("get", "pods", _OF_WORKERS, "--output=json"))["items"]
        names = [one["metadata"]["name"] for one in items if "deletionTimestamp" in one["metadata"]]
        if names:
            return names
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < deadline, "no worker drains"
        time.sleep(_LOOK)


def _ended(child: subprocess.Popen[str], status: int) -> dict[str, Any]:
    said, told = child.communicate()
    assert child.returncode == status, told
    document: dict[str, Any] = json.loads(said)
    return document
