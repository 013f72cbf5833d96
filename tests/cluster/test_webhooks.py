"""Rollouts where an admission webhook puts a mirror's registry in the place of the one that was asked for.

The node reaches the test registry by two names; one of them is the mirror's.
"""

import pytest

from dagship.record.model import Move
from dagship.rollout import actions, running_image
from dagship.rollout.options import RolloutOptions
from dagship.rollout.results import StatusReport
from dagship.rollout.status import status
from tests.builders.airflow import Object, container, deployment, pod, stateful_set
from tests.cluster import images
from tests.cluster.rig import SECONDS, Rig
from tests.cluster.webhooks import rewriting

REGISTRY, MIRROR = images.REGISTRY, images.REGISTRY.replace("127.0.0.1", "localhost")
WORKLOADS = {"apps": ["statefulsets", "deployments"]}


def tagged() -> str:
    """The image that runs at first, by tag, as people write it."""
    images.image("webhook-old")
    return f"{images.REPOSITORY}:webhook-old-good"


def mirrored(image: str) -> str:
    return image.replace(REGISTRY, MIRROR)


def airflow(image: str) -> tuple[Object, ...]:
    return (
        stateful_set("worker", pod(container("worker", image, "celery", "worker"), name="worker")),
        deployment("scheduler", pod(container("scheduler", image, "scheduler"), name="scheduler")),
    )


def running(rig: Rig) -> set[str]:
    return {image for _, used, _ in rig.pods() for image in used}


def look(rig: Rig) -> StatusReport:
    return status(rig.cluster, repositories=[images.REPOSITORY], dag_versions={}, selector="", names=())


def agree(rig: Rig) -> bool:
    return look(rig).agree


def built_on(rig: Rig) -> tuple[str, ...]:
    """The images that a build takes earlier DAG versions from."""
    namespace = rig.kubectl.namespace
    return (
        running_image.asking(images.REPOSITORY, context="", namespace=namespace, selector="", limit=SECONDS)
        .whole()
        .images
    )


def after(moves: tuple[Move, ...]) -> set[str | None]:
    return {change.after for move in moves for change in move.changes}


def test_what_the_server_made_of_workloads_is_what_is_watched_recorded_and_taken_back(rig: Rig) -> None:
    old, new, bad = (tagged(), images.image("webhook-new"), images.image("webhook-bad", "crashes"))
    with rewriting(rig, REGISTRY, MIRROR, resources=WORKLOADS, probe=airflow(old)[0]):
        rig.start(*airflow(old))
        before = rig.written()
        failed = rig.rollout(bad, from_image=MIRROR + "/dagship-test/airflow")

        assert (failed.outcome, failed.state) == (
            "undone", "Everything runs again what it ran before; nothing of the new image is left.",
        )  # fmt: skip
        assert rig.written() == before
        assert running(rig) == {mirrored(old)}
        assert rig.record.journal is None

        first = rig.rollout(new, from_image=MIRROR + "/dagship-test/airflow")
        again = rig.rollout(new)

        assert (first.outcome, again.outcome) == ("moved", "unchanged")
        assert running(rig) == {mirrored(new)}
        assert after(rig.record.releases[-1].moves) == {mirrored(new)}
        assert agree(rig)
        assert built_on(rig) == (new,)
        rig.start(deployment("triggerer", pod(container("triggerer", new, "triggerer"), name="triggerer")))
        assert "deployment/triggerer" in {one.workload for one in look(rig).workloads}
        rig.kubectl("delete", "deployment", "triggerer")
        left = rig.rollout(bad, undo=False)
        assert left.outcome == "left"
        assert rig.record.journal is not None
        assert mirrored(bad) in after(rig.record.journal.moves)
        assert actions.undo(rig.cluster, rig.console, RolloutOptions(timeout=SECONDS)).outcome == "undone"
        assert running(rig) == {mirrored(new)}
        assert rig.rollback().outcome == "moved"
        assert running(rig) == {mirrored(old)}


@pytest.mark.wide
def test_what_it_made_of_pods_is_the_image_that_was_asked_for(rig: Rig) -> None:
    old, new = tagged(), images.image("webhook-new")
    probe = {**pod(container("worker", old), name="x"), "apiVersion": "v1", "kind": "Pod"}
    probe["metadata"]["name"] = "x"
    with rewriting(rig, REGISTRY, MIRROR, resources={"": ["pods"]}, probe=probe):
        rig.start(*airflow(old))
        assert running(rig) == {mirrored(old)}
        assert agree(rig)

        moved = rig.rollout(new)
        assert moved.outcome == "moved"
        assert running(rig) == {mirrored(new)}
        assert agree(rig)

        back = rig.rollback()
        assert back.outcome == "moved"
        assert running(rig) == {mirrored(old)}
        assert agree(rig)
