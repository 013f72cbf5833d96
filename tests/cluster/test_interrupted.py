"""Rollouts that end before their end: killed at any moment, interrupted, or two at once.

Whatever ran before, the next `rollout` finishes it and `rollout --undo` takes it back, and both are compared field by
field: with an Airflow that was rolled out without a disturbance, and with what was there at first.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path

import pytest

from dagship.cluster.api import Cluster
from dagship.console import Console
from dagship.errors import Refused
from dagship.rollout import record, roller, ways
from dagship.rollout.asked import Asked
from dagship.rollout.lease import Lease
from dagship.rollout.values import Record, RolloutResult, Target
from tests.cluster import images, killer
from tests.cluster.airflows import Kubectl, Object, container, cron_job, deployment, pod, stateful_set
from tests.cluster.conftest import namespace
from tests.cluster.killer import Job, Outcome
from tests.machine import ROOT

# A lease that runs out soon, where it is not the lease that is tested.
BRIEF = 6.0

# What a rollout of `airflow` passes on its way, and what one passes on its way back.
MOVING = [
    "create Lease/dagship",
    "replace Lease/dagship",
    "create ConfigMap/dagship",
    "patch ConfigMap/pod-template",
    "patch StatefulSet/worker",
    "end of Moving workers",
    "patch CronJob/cleanup",
    "patch Deployment/scheduler",
    "end of Moving triggerer, scheduler, web",
    "patch StatefulSet/dag-processor",
    "end of Moving dag-processor",
    "replace ConfigMap/dagship",
    "replace Lease/dagship (2)",
]
GOING_BACK = [
    "replace ConfigMap/dagship",
    "patch StatefulSet/dag-processor (2)",
    "patch Deployment/scheduler (2)",
    "patch CronJob/cleanup (2)",
    "patch StatefulSet/worker (2)",
    "patch ConfigMap/pod-template (2)",
    "delete Pod/dag-processor-0",
    "end of Going back",
    "replace ConfigMap/dagship (2)",
    "replace Lease/dagship (2)",
]


def airflow(image: str, *, workers: int = 0, processors: int = 0) -> tuple[Object, ...]:
    """Something of every kind that moves; only what a test asks for has pods."""
    template = f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: base\n      image: {image}\n"
    executor = {"name": "AIRFLOW__CORE__EXECUTOR", "value": "CeleryExecutor,KubernetesExecutor"}
    return (
        {
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "pod-template"},
            "data": {"pod_template_file.yaml": template},
        },
        stateful_set(
            "worker",
            pod(
                container("worker", image, "celery", "worker"), name="worker",
                initContainers=[container("check-db", image, probe=False, command=["true"])],
            ),
            replicas=workers,
        ),
        deployment(
            "scheduler",
            pod(
                container("scheduler", image, "scheduler", env=[executor]), name="scheduler",
                volumes=[{"name": "template", "configMap": {"name": "pod-template"}}],
            ),
            replicas=0,
        ),
        cron_job("cleanup", pod(container("cleanup", image, probe=False), name="cleanup")),
        # In order, unlike a Deployment: a broken pod of its own stays until it is deleted.
        stateful_set(
            "dag-processor", pod(container("dag-processor", image, "dag-processor"), name="dag-processor"),
            replicas=processors,
        ),
    )  # fmt: skip


def target(image: str) -> Target:
    return Target(image=image, digest=image.partition("@")[2])


def exchanged(picture: dict[str, Object], image: str, by: str) -> dict[str, Object]:
    """The same picture with one image in the place of another."""
    digest, other = (one.rpartition(":")[2] for one in (image, by))
    return json.loads(json.dumps(picture).replace(digest, other))


class Place:
    """A namespace, and what is in it."""

    def __init__(self, kubectl: Kubectl) -> None:
        self.kubectl = kubectl
        self.namespace = kubectl.namespace

    def picture(self) -> dict[str, Object]:
        """Every field of every object, but for what the server keeps and what dagship writes down."""
        found = {}
        for item in self.kubectl.get("statefulsets,deployments,cronjobs,configmaps")["items"]:
            metadata = item["metadata"]
            if metadata["name"] in (record.NAME, "kube-root-ca.crt"):
                continue
            counted = "deployment.kubernetes.io/revision"
            annotations = {name: said for name, said in metadata.get("annotations", {}).items() if name != counted}
            found[f"{item['kind'].lower()}/{metadata['name']}"] = {
                "metadata": [metadata.get("labels"), annotations, metadata.get("ownerReferences")],
                "fields": {name: value for name, value in item.items() if name not in ("metadata", "status")},
            }
        return found

    def written(self) -> Record:
        finished = self.kubectl.run("get", "configmap", record.NAME, "--output=json")
        return record.parse(json.loads(finished.stdout) if finished.returncode == 0 else None)

    def holder(self) -> str:
        return self.kubectl.get(f"lease/{record.NAME}")["spec"]["holderIdentity"]

    def releases(self) -> list[Object]:
        """The releases, but for when and by whom."""
        return [one.model_dump(exclude={"when", "who", "job"}) for one in self.written().releases]

    def ended_in_order(self) -> bool:
        return self.written().journal is None and self.holder() == ""

    def pods(self) -> set[str]:
        """The images that living pods run."""
        return set(self.kubectl.running().values())


@pytest.fixture
def places(kubeconfig: Path) -> Iterator[Callable[..., list[Place]]]:
    """Makes namespaces with an Airflow in each, all at once, and waits until its pods are ready."""
    made: list[Kubectl] = []

    def make(count: int, *objects: Object) -> list[Place]:
        def one(_: int) -> Place:
            kubectl = namespace(kubeconfig)
            made.append(kubectl)
            kubectl.apply(*objects)
            for item in objects:
                if item.get("spec", {}).get("replicas"):
                    kubectl.wait_ready(f"{item['kind']}/{item['metadata']['name']}", seconds=90)
            return Place(kubectl)

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(one, range(count)))

    yield make
    if made:
        made[0]("delete", "namespace", *(one.namespace for one in made), "--wait=false")


@pytest.fixture
def run(kubeconfig: Path) -> Callable[..., list[Outcome]]:
    return partial(killer.run, kubeconfig=str(kubeconfig))


@pytest.fixture(scope="module")
def old() -> str:
    return images.image("interrupted-old")


@pytest.fixture(scope="module")
def new() -> str:
    return images.image("interrupted-new")


@pytest.fixture(scope="module")
def newer() -> str:
    return images.image("interrupted-newer")


def test_killed_at_any_moment_the_next_rollout_finishes_it(places, run, old: str, new: str, newer: str):
    """With the lease as it is: the next one waits until that of the dead one has run out."""
    whole, *here = places(1 + 2 * len(MOVING), *airflow(old))
    moments = 2 * MOVING
    images_next = [new] * len(MOVING) + [newer] * len(MOVING)
    (uninterrupted,) = run(Job(namespace=whole.namespace, image=new))
    assert uninterrupted.boundaries == MOVING

    died = run(*(Job(namespace=place.namespace, image=new, at=at) for place, at in zip(here, moments, strict=True)))
    assert [(one.killed, one.boundaries[-1]) for one in died] == [(True, at) for at in moments]
    recorded = [len(place.releases()) for place in here]
    assert recorded == 2 * ([0] * 11 + [2] * 2)
    came = run(*(Job(namespace=place.namespace, image=to) for place, to in zip(here, images_next, strict=True)))

    assert [one.error for one in came] == [""] * len(here)
    for place, at, to, before, one in zip(here, moments, images_next, recorded, came, strict=True):
        moved = "unchanged" if before and to == new else "moved"
        assert (one.result["passed"], one.result["outcome"]) == (True, moved), at
        assert place.picture() == exchanged(whole.picture(), new, to), at
        assert place.ended_in_order(), at
        # As if that one had been meant from the start, unless the dead one had been recorded.
        found, first, *second = place.releases()
        assert found == whole.releases()[0], at
        assert first["image"] == (new if before else to), at
        assert [one["image"] for one in second] == ([newer] if before and to == newer else []), at


def test_killed_at_any_moment_undo_takes_it_back(places, run, old: str, new: str):
    whole, *here = places(1 + len(MOVING), *airflow(old))
    before = whole.picture()
    died = run(
        Job(namespace=whole.namespace, image=new),
        *(
            Job(namespace=place.namespace, image=new, at=at, lease=BRIEF)
            for place, at in zip(here, MOVING, strict=True)
        ),
    )
    assert all(one.killed for one in died[1:])
    unfinished = [place.written().journal is not None for place in here]
    assert unfinished == [False] * 2 + [True] * 9 + [False] * 2

    came = run(*(Job(namespace=place.namespace, way="undo", lease=BRIEF) for place in here))

    for place, at, is_unfinished, one in zip(here, MOVING, unfinished, came, strict=True):
        if is_unfinished:
            assert (one.error, one.result["outcome"]) == ("", "undone"), at
            assert place.ended_in_order(), at
        else:
            assert one.error.startswith("UsageError: No rollout is unfinished"), at
        ended = at in MOVING[11:]
        assert place.picture() == (whole.picture() if ended else before), at
        assert place.releases() == (whole.releases() if ended else []), at


def test_killed_on_the_way_to_one_image_and_then_to_another_undo_ends_where_the_first_began(
    places, run, old: str, new: str, newer: str
):
    """Some objects say one image then, some the other, and some what they said at first."""
    again = ["replace ConfigMap/dagship", "patch StatefulSet/worker"]
    moments = list(product(MOVING[2:11], again))
    here = places(len(moments), *airflow(old))
    before = here[0].picture()
    for number, to in enumerate((new, newer)):
        died = run(
            *(
                Job(namespace=place.namespace, image=to, at=moment[number], lease=BRIEF)
                for place, moment in zip(here, moments, strict=True)
            )
        )
        assert all(one.killed for one in died)

    came = run(*(Job(namespace=place.namespace, way="undo", lease=BRIEF) for place in here))

    for place, moment, one in zip(here, moments, came, strict=True):
        assert (one.error, one.result["outcome"]) == ("", "undone"), moment
        assert place.picture() == before, moment
        assert place.releases() == [], moment
        assert place.ended_in_order(), moment


def test_killed_while_pods_are_replaced_both_ways_are_open(places, run, old: str, new: str):
    whole, *here = places(7, *airflow(old, workers=2))
    before = whole.picture()
    (uninterrupted,) = run(Job(namespace=whole.namespace, image=new))
    passed = uninterrupted.boundaries
    moments = passed[passed.index("patch StatefulSet/worker") : passed.index("end of Moving workers") + 1]
    assert moments == ["patch StatefulSet/worker", "Moving workers: statefulset/worker 1/2", "end of Moving workers"]

    died = run(
        *(
            Job(namespace=place.namespace, image=new, at=at, lease=BRIEF)
            for place, at in zip(here, 2 * moments, strict=True)
        )
    )
    assert all(one.killed for one in died)
    finish, undo = here[:3], here[3:]
    came = run(
        *(Job(namespace=place.namespace, image=new, lease=BRIEF) for place in finish),
        *(Job(namespace=place.namespace, way="undo", lease=BRIEF) for place in undo),
    )

    assert [one.result.get("outcome") for one in came] == ["moved"] * 3 + ["undone"] * 3
    for place, at in zip(here, 2 * moments, strict=True):
        assert place.picture() == (whole.picture() if place in finish else before), at
        assert place.pods() == {new if place in finish else old}, at
        assert place.releases() == (whole.releases() if place in finish else []), at
        assert place.ended_in_order(), at


def test_killed_on_the_way_back_from_a_failure_both_ways_are_open(places, run, old: str, new: str):
    """The image is not there, and what announces the version finds out: all else has moved by then."""
    missing = f"{images.REPOSITORY}@sha256:{'0' * 64}"
    whole, *here = places(1 + 2 * len(GOING_BACK), *airflow(old, processors=1))
    before = whole.picture()
    (uninterrupted,) = run(Job(namespace=whole.namespace, image=missing))
    assert uninterrupted.result["outcome"] == "undone"
    assert uninterrupted.boundaries == MOVING[:10] + GOING_BACK

    died = run(
        *(
            Job(namespace=place.namespace, image=missing, at=at, lease=BRIEF)
            for place, at in zip(here, 2 * GOING_BACK, strict=True)
        )
    )
    assert [one.boundaries[-1] for one in died] == 2 * GOING_BACK
    undo, go_on = here[: len(GOING_BACK)], here[len(GOING_BACK) :]
    came = run(
        *(Job(namespace=place.namespace, way="undo", lease=BRIEF) for place in undo),
        *(Job(namespace=place.namespace, image=new, lease=BRIEF) for place in [*go_on, whole]),
    )
    assert whole.pods() == {new}

    for place, at, one in zip(here, 2 * GOING_BACK, came[:-1], strict=True):
        if place in go_on:
            assert (one.error, one.result["outcome"]) == ("", "moved"), at
            assert [each["image"] for each in place.releases()] == ["", new], at
        elif at in GOING_BACK[-2:]:
            assert one.error.startswith("UsageError: No rollout is unfinished"), at
        else:
            assert (one.error, one.result["outcome"]) == ("", "undone"), at
        assert place.picture() == (whole.picture() if place in go_on else before), at
        assert place.pods() == {new if place in go_on else old}, at
        assert place.written().journal is None, at
