"""Rollouts that end before their end: killed at any moment, interrupted, or two at once.

Whatever ran before, the next `rollout` finishes it and `rollout --undo` takes it back, and both are compared field by
field: with an Airflow that was rolled out without a disturbance, and with what was there at first.
"""

import io
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dagship.cluster import connection
from dagship.cluster.feed import Feed
from dagship.record import actor, form
from dagship.record import lease as lease_
from dagship.record.lease import Lease
from dagship.record.model import Record
from dagship.terminal.console import Console
from tests.builders.airflow import Object, container, cron_job, deployment, pod, stateful_set
from tests.cluster import images, killer
from tests.cluster.conftest import namespace
from tests.cluster.gateways import until
from tests.cluster.killer import Job, Outcome
from tests.cluster.rig import SECONDS, Rig

if TYPE_CHECKING:
    from tests.cluster.kubectl import Kubectl

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
    "patch ConfigMap/dagship",
    "replace Lease/dagship (2)",
]
GOING_BACK = [
    "patch ConfigMap/dagship",
    "patch StatefulSet/dag-processor (2)",
    "patch Deployment/scheduler (2)",
    "patch CronJob/cleanup (2)",
    "patch StatefulSet/worker (2)",
    "patch ConfigMap/pod-template (2)",
    "delete Pod/dag-processor-0",
    "end of Going back",
    "patch ConfigMap/dagship (2)",
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


def exchanged(written: dict[str, str], image: str, by: str) -> dict[str, str]:
    """The same objects with one image in the place of another."""
    digest, other = (one.rpartition(":")[2] for one in (image, by))
    return {name: text.replace(digest, other) for name, text in written.items()}


def releases(rig: Rig) -> list[Object]:
    """The releases recorded, but for when and by whom."""
    return [one.model_dump(exclude={"when", "who", "job"}) for one in rig.record.releases]


def holder(rig: Rig) -> str:
    found: str = rig.cluster.get("Lease", "dagship")["spec"]["holderIdentity"]
    return found


def ended_in_order(rig: Rig) -> bool:
    return rig.record.journal is None and holder(rig) == ""


def running(rig: Rig) -> set[str]:
    """The images of all living pods."""
    return set(rig.kubectl.running().values())


@pytest.fixture
def rigs(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., list[Rig]]]:
    """Makes namespaces with an Airflow in each, all at once, and waits until its pods are ready."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    made: list[Kubectl] = []

    def one(objects: tuple[Object, ...]) -> Rig:
        made.append(kubectl := namespace(kubeconfig))
        cluster = connection.connect(context="", namespace=kubectl.namespace)
        output = io.StringIO()
        kubectl.apply(*objects)
        pods = [one for one in objects if one.get("spec", {}).get("replicas")]
        kubectl.wait_ready(*(f"{one['kind']}/{one['metadata']['name']}" for one in pods), seconds=90)
        return Rig(kubectl=kubectl, cluster=cluster, console=Console(stderr=output), output=output, scratch=tmp_path)

    def make(count: int, *objects: Object) -> list[Rig]:
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(one, [objects] * count))

    yield make
    if made:
        made[0]("delete", "namespace", *(one.namespace for one in made), "--wait=false")


@pytest.fixture
def run(kubeconfig: Path) -> Callable[..., list[Outcome]]:
    return partial(killer.run, kubeconfig=str(kubeconfig))


def kill(
    run: Callable[..., list[Outcome]], rigs: list[Rig], moments: list[str], image: str, lease: float = BRIEF
) -> None:
    """Rolls an image out in each namespace, and kills each rollout at a moment of its own."""
    died = run(
        *(
            Job(namespace=rig.kubectl.namespace, image=image, at=at, lease=lease)
            for rig, at in zip(rigs, moments, strict=True)
        )
    )
    assert [(one.killed, one.boundaries[-1:]) for one in died] == [(True, [at]) for at in moments], died


@pytest.fixture(scope="module")
def old() -> str:
    return images.image("interrupted-old")


@pytest.fixture(scope="module")
def new() -> str:
    return images.image("interrupted-new")


@pytest.fixture(scope="module")
def newer() -> str:
    return images.image("interrupted-newer")


def test_killed_at_any_moment_the_next_rollout_finishes_it(rigs, run, old: str, new: str, newer: str):
    """With the lease as it is: the next one waits until that of the dead one has run out."""
    # To another image is one way more to move, whatever was moved: here it is from every third moment.
    moments = [*MOVING, *MOVING[1::3], MOVING[-2]]
    images_next = [new if number < len(MOVING) else newer for number in range(len(moments))]
    whole, *here = rigs(1 + len(moments), *airflow(old))
    (uninterrupted,) = run(Job(namespace=whole.kubectl.namespace, image=new))
    assert uninterrupted.boundaries == MOVING
    moved_whole, recorded_whole = whole.written(), releases(whole)

    kill(run, here, moments, new, lease=30.0)
    recorded = [len(rig.record.releases) for rig in here]
    assert recorded == [2 if at in MOVING[-2:] else 0 for at in moments]
    came = run(*(Job(namespace=rig.kubectl.namespace, image=to) for rig, to in zip(here, images_next, strict=True)))

    assert [one.error for one in came] == [""] * len(here)
    for rig, at, to, before, one in zip(here, moments, images_next, recorded, came, strict=True):
        moved = "unchanged" if before and to == new else "moved"
        assert (one.result["passed"], one.result["outcome"]) == (True, moved), at
        # Made and not yet taken, or given back: then it is nobody's.
        assert ("took the lease dagship over from" in one.said) is (at not in (MOVING[0], MOVING[-1])), at
        assert rig.written() == exchanged(moved_whole, new, to), at
        assert ended_in_order(rig), at
        # As if that one had been meant from the start, unless the dead one had been recorded.
        found, first, *second = releases(rig)
        assert found == recorded_whole[0], at
        assert first["image"] == (new if before else to), at
        assert [one["image"] for one in second] == ([newer] if before and to == newer else []), at


def test_killed_at_any_moment_undo_takes_it_back(rigs, run, old: str, new: str):
    whole, *here = rigs(1 + len(MOVING), *airflow(old))
    before = whole.written()
    run(Job(namespace=whole.kubectl.namespace, image=new))
    kill(run, here, MOVING, new)
    unfinished = [rig.record.journal is not None for rig in here]
    assert unfinished == [False] * 2 + [True] * 9 + [False] * 2

    came = run(*(Job(namespace=rig.kubectl.namespace, way="undo", lease=BRIEF) for rig in here))

    after = whole.written()
    for rig, at, is_unfinished, one in zip(here, MOVING, unfinished, came, strict=True):
        if is_unfinished:
            assert (one.error, one.result["outcome"]) == ("", "undone"), at
            assert ended_in_order(rig), at
        else:
            assert one.error.startswith("UsageError: No rollout is unfinished"), at
        ended = at in MOVING[11:]
        assert rig.written() == (after if ended else before), at
        assert releases(rig) == (releases(whole) if ended else []), at


@pytest.mark.wide
def test_killed_on_the_way_to_one_image_and_then_to_another_undo_ends_where_the_first_began(
    rigs, run, old: str, new: str, newer: str
):
    """Some objects say one image then, some the other, and some what they said at first."""
    moments = [*MOVING[2:11], MOVING[10]]
    again = [*["patch StatefulSet/worker"] * 9, "patch ConfigMap/dagship"]
    here = rigs(len(moments), *airflow(old))
    before = here[0].written()
    kill(run, here, moments, new)
    kill(run, here, again, newer)

    came = run(*(Job(namespace=rig.kubectl.namespace, way="undo", lease=BRIEF) for rig in here))

    for rig, at, one in zip(here, moments, came, strict=True):
        assert (one.error, one.result["outcome"]) == ("", "undone"), at
        assert rig.written() == before, at
        assert releases(rig) == [], at
        assert ended_in_order(rig), at


def test_killed_while_pods_are_replaced_both_ways_are_open(rigs, run, old: str, new: str):
    workers, *_ = (one for one in airflow(old, workers=2) if one["kind"] == "StatefulSet")
    moments = 2 * ["patch StatefulSet/worker", "Moving workers: statefulset/worker 1/2"]
    here = rigs(4, workers)
    before = here[0].written()
    kill(run, here, moments, new)

    finish, undo = here[:2], here[2:]
    came = run(
        *(Job(namespace=rig.kubectl.namespace, image=new, lease=BRIEF) for rig in finish),
        *(Job(namespace=rig.kubectl.namespace, way="undo", lease=BRIEF) for rig in undo),
    )

    assert [one.result.get("outcome") for one in came] == ["moved"] * 2 + ["undone"] * 2, came
    for rig in here:
        image = new if rig in finish else old
        assert rig.written() == exchanged(before, old, image)
        assert running(rig) == {image}
        assert [one["image"] for one in releases(rig)] == (["", new] if rig in finish else [])
        assert ended_in_order(rig)


def test_killed_on_the_way_back_from_a_failure_both_ways_are_open(rigs, run, old: str, new: str):
    """The image is not there, and what announces the version finds out: all else has moved by then."""
    missing = f"{images.REPOSITORY}@sha256:{'0' * 64}"
    # To go on is one way of moving wherever it begins; what differs is the broken pod.
    moments = [*GOING_BACK, GOING_BACK[0], GOING_BACK[4], GOING_BACK[6]]
    whole, *here = rigs(1 + len(moments), *airflow(old, processors=1))
    before = whole.written()
    (uninterrupted,) = run(Job(namespace=whole.kubectl.namespace, image=missing))
    assert uninterrupted.result["outcome"] == "undone"
    assert uninterrupted.boundaries == MOVING[:10] + GOING_BACK

    kill(run, here, moments, missing)
    undo, go_on = here[: len(GOING_BACK)], here[len(GOING_BACK) :]
    came = run(
        *(Job(namespace=rig.kubectl.namespace, way="undo", lease=BRIEF) for rig in undo),
        *(Job(namespace=rig.kubectl.namespace, image=new, lease=BRIEF) for rig in [*go_on, whole]),
    )

    assert running(whole) == {new}
    after = whole.written()
    for rig, at, one in zip(here, moments, came[:-1], strict=True):
        if rig in go_on:
            assert (one.error, one.result["outcome"]) == ("", "moved"), at
            assert releases(rig) == releases(whole), at
        elif at in GOING_BACK[-2:]:
            assert one.error.startswith("UsageError: No rollout is unfinished"), at
        else:
            assert (one.error, one.result["outcome"]) == ("", "undone"), at
        assert rig.written() == (after if rig in go_on else before), at
        assert running(rig) == {new if rig in go_on else old}, at
        assert rig.record.journal is None, at


@contextmanager
def begun(rig: Rig, *arguments: str, until: str) -> Iterator[subprocess.Popen[str]]:
    """A task as people start it, that has said a line that begins so."""
    task, *flags = arguments
    with subprocess.Popen(
        [sys.executable, "-m", "dagship.cli", task, f"--namespace={rig.kubectl.namespace}", *flags],
        cwd=rig.scratch,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            said = []
            for line in process.stderr:
                said.append(line)
                if line.startswith(until):
                    break
            else:
                pytest.fail("".join(said))
            yield process
        finally:
            process.kill()


def test_whoever_reads_what_it_says_may_go_away_in_the_middle(rigs, old: str, new: str):
    """And what it came to cannot be written down either."""
    (rig,) = rigs(1, *airflow(old, workers=1))
    (rig.scratch / ".dagship" / "rollout.json").mkdir(parents=True)
    with begun(rig, "rollout", f"--image={new}", until="  statefulset/worker  0/1") as process:
        process.stderr.close()
        process.stdout.close()

        assert process.wait(SECONDS) == 0
    assert running(rig) == {new}
    assert ended_in_order(rig)


@pytest.mark.sampled
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_in_the_middle_it_says_how_things_stand_and_the_next_one_goes_on_at_once(
    rigs, old: str, new: str, sent: signal.Signals
):
    (rig,) = rigs(1, *airflow(old, workers=1))
    with begun(rig, "rollout", f"--image={new}", until="  statefulset/worker  0/1") as process:
        process.send_signal(sent)
        _, said = process.communicate(timeout=20)

    assert process.returncode == 130
    assert said.endswith(
        "error: Interrupted in the middle of a rollout; what moved stays moved.\n"
        "  → the same command again finishes it, rollout --undo takes it back.\n"
    )
    assert holder(rig) == ""
    assert rig.record.journal.state == "moving"
    assert rig.kubectl.images()["statefulset/worker"] == {new}
    again = rig.command("rollout", f"--image={new}")
    assert again.returncode == 0, again.stderr
    assert "goes on from there" in again.stderr
    assert "the lease" not in again.stderr
    assert running(rig) == {new}
    assert ended_in_order(rig)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_it_waits_for_another_it_leaves_that_one_alone(
    rigs, old: str, new: str, sent: signal.Signals
):
    (rig,) = rigs(1, *airflow(old))
    with Lease(rig.cluster, holder="ci 1") as lease:
        lease.acquire(wait=False, say=pytest.fail)
        with begun(rig, "rollout", f"--image={new}", until="the lease dagship is held by ci 1 (since") as process:
            process.send_signal(sent)
            _, said = process.communicate(timeout=20)

        assert process.returncode == 130
        assert said.splitlines()[-1].startswith("error: Interrupted; ")
        assert holder(rig).startswith("ci 1#")
        lease.check()
    assert rig.record == Record()


def test_the_second_of_two_waits_and_then_rolls_its_own_image_out_unless_it_is_not_to_wait(rigs, old: str, newer: str):
    slow = images.image("interrupted-new", "ready-after-40")
    (rig,) = rigs(1, *airflow(old, workers=1))
    with (
        begun(rig, "rollout", f"--image={slow}", until="  statefulset/worker  0/1") as first,
        begun(rig, "rollout", f"--image={newer}", until="the lease dagship is held by") as second,
    ):
        refused = rig.command("rollout", f"--image={newer}", "--no-wait")
        assert first.wait(SECONDS) == 0
        assert second.wait(SECONDS) == 0

    assert refused.returncode == 1
    assert (
        f"Another rollout is under way in the namespace {rig.kubectl.namespace}: {actor.who()} (since "
        in refused.stderr
    )
    assert [(one["kind"], one["image"]) for one in releases(rig)] == [
        ("found", ""), ("rollout", slow), ("rollout", newer),
    ]  # fmt: skip
    assert running(rig) == {newer}
    assert ended_in_order(rig)


def test_the_second_of_two_with_one_image_waits_however_long_it_takes_and_finds_nothing_to_do(
    rigs, old: str, monkeypatch: pytest.MonkeyPatch
):
    """Longer than a lease lasts that is not renewed."""
    monkeypatch.setattr(lease_, "Lease", partial(Lease, duration=3.0))
    slow = images.image("interrupted-new", "ready-after-10")
    (rig,) = rigs(1, *airflow(old, workers=1))
    with ThreadPoolExecutor(1) as pool, Feed(rig.cluster, ["ConfigMap"]) as feed:
        first = pool.submit(rig.rollout, slow)
        until(feed, lambda: form.NAME in feed.objects("ConfigMap"))
        said = io.StringIO()
        second = replace(rig, console=Console(stderr=said)).rollout(slow)
        assert first.done()

    assert (first.result().outcome, first.result().release) == ("moved", 1)
    assert (second.outcome, second.release) == ("unchanged", 1)
    assert second.seconds["lock"] > 3
    assert f"the lease dagship is held by {actor.who()} (since" in said.getvalue()
    assert rig.cluster.get("Lease", "dagship")["spec"]["leaseTransitions"] == 2
    assert ended_in_order(rig)
