"""When a rollout says that it is done, it is: judged by the pods, for every way in which they may be replaced."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from dagship.model.artifacts import Target
from dagship.rollout import actions
from dagship.rollout.options import RolloutOptions
from dagship.rollout.results import RolloutResult
from tests.builders.airflow import Object, container, deployment, pod, stateful_set
from tests.cluster.history import history
from tests.cluster.images import REPOSITORY, image
from tests.cluster.manifests import again, stand_for
from tests.cluster.rig import SECONDS, Rig


@pytest.fixture(scope="session")
def old() -> str:
    return image("a")


@pytest.fixture(scope="session")
def new() -> str:
    return image("b")


def worker(said: str, *, replicas: int = 2, probe: bool = True, **spec: Any) -> Object:
    template = pod(container("worker", said, "celery", "worker", probe=probe), name="worker")
    return stateful_set("worker", template, replicas=replicas, **spec)


def scheduler(said: str, *, replicas: int = 1, **spec: Any) -> Object:
    return deployment(
        "scheduler", pod(container("scheduler", said, "scheduler"), name="scheduler"), replicas=replicas, **spec
    )


def rollout(rig: Rig, said: str, **asked: Any) -> RolloutResult:
    """With all that `push` knows of an image: what nodes report of it is compared as well."""
    target = Target(image=said, digest=said.partition("@")[2], airflow="3.3.2", platforms=("linux/amd64",))
    return actions.rollout(rig.cluster, rig.console, target, RolloutOptions(timeout=SECONDS, **asked))


def pods(rig: Rig) -> dict[str, Object]:
    return {one["metadata"]["name"]: one for one in rig.kubectl.get("pods")["items"]}


def ids(rig: Rig) -> set[str]:
    """The digests that the node reports."""
    return {
        one["imageID"].rpartition("@")[2]
        for found in pods(rig).values()
        for one in found["status"]["containerStatuses"]
    }


def all_right(rig: Rig, said: str, number: int) -> bool:
    """Whether there are so many pods, all of them ready on this image by its digest, and no other."""
    found = pods(rig).values()
    return (
        len(found) == number
        and ids(rig) == {said.partition("@")[2]}
        and all(one["spec"]["containers"][0]["image"] == said for one in found)
        and all("deletionTimestamp" not in one["metadata"] for one in found)
        and all(
            {"type": "Ready", "status": "True"}.items() <= condition.items()
            for one in found
            for condition in one["status"]["conditions"]
            if condition["type"] == "Ready"
        )
    )


@pytest.mark.sampled
@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_a_stateful_set_is_done_when_every_pod_is_right(rig: Rig, old: str, new: str, policy: str) -> None:
    rig.start(worker(old, podManagementPolicy=policy))
    result = rollout(rig, new)

    assert result.passed
    assert all_right(rig, new, 2)
    status = rig.kubectl.get("statefulset/worker")["status"]
    assert status["currentRevision"] == status["updateRevision"]


def test_pods_that_only_deletion_replaces_are_deleted_one_at_a_time(rig: Rig, old: str, new: str) -> None:
    rig.start(worker(old, updateStrategy={"type": "OnDelete"}))
    with history(rig.kubectl, "Pod") as told:
        result = rollout(rig, new)

    assert result.passed
    assert all_right(rig, new, 2)
    # The highest number first; the other once that is back.
    deleted = [event.name for event in told.events if event.type == "DELETED"]
    assert deleted == ["pod/worker-1", "pod/worker-0"]
    assert told.fewest_ready("worker", 2) == 1
    assert rig.cluster.requests["DELETE pods"] == 2


def test_pods_below_a_partition_stay_and_the_rollout_is_done(rig: Rig, old: str, new: str) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    rig.start(worker(old, updateStrategy=strategy))
    before = pods(rig)["worker-0"]["metadata"]["uid"]
    result = rollout(rig, new)

    assert result.passed
    assert rig.kubectl.running() == {"worker-0": old, "worker-1": new}
    assert pods(rig)["worker-0"]["metadata"]["uid"] == before
    # What they get once the partition is gone is the new image: they are not forgotten.
    assert rig.kubectl.images() == {"statefulset/worker": {new}}


def test_a_partition_above_all_pods_moves_none(rig: Rig, old: str, new: str) -> None:
    rig.start(worker(old, replicas=1, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 5}}))

    assert rollout(rig, new).passed
    assert rig.kubectl.running() == {"worker-0": old}


def test_workloads_without_pods_are_done_at_once(rig: Rig, old: str, new: str) -> None:
    rig.kubectl.apply(worker(old, replicas=0), scheduler(old, replicas=0))
    result = rollout(rig, new)

    assert result.passed
    assert set().union(*rig.kubectl.images().values()) == {new}
    assert pods(rig) == {}


@pytest.mark.sampled
@pytest.mark.parametrize(
    "strategy",
    [
        {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        {"type": "Recreate"},
    ],
    ids=["surge", "recreate"],
)
def test_a_deployment_is_done_when_the_old_pods_are_gone(rig: Rig, old: str, new: str, strategy: Object) -> None:
    rig.start(scheduler(old, replicas=2, strategy=strategy))
    with history(rig.kubectl, "Pod") as told:
        result = rollout(rig, new)

    assert result.passed
    assert all_right(rig, new, 2)
    together = _both_at_once(told.events, old, new)
    assert together is (strategy["type"] != "Recreate")


def _both_at_once(events: list[Any], old: str, new: str) -> bool:
    """Whether a new pod was made while an old one was not gone."""
    gone = [event.version for event in events if event.type == "DELETED" and event.image == old]
    made = [event.version for event in events if event.type == "ADDED" and event.image == new]
    return min(made) < max(gone)


def test_pods_have_been_ready_for_as_long_as_the_deployment_wants(rig: Rig, old: str, new: str) -> None:
    rig.start(scheduler(old, minReadySeconds=4))
    rollout(rig, new)
    done = datetime.now(UTC)

    (one,) = pods(rig).values()
    ready = next(each for each in one["status"]["conditions"] if each["type"] == "Ready")
    # Kubernetes' times are of whole seconds.
    assert (done - datetime.fromisoformat(ready["lastTransitionTime"])).total_seconds() >= 4


def test_a_container_without_a_probe_must_have_run_for_ten_seconds_once(rig: Rig, old: str, new: str) -> None:
    rig.start(worker(old, replicas=1, probe=False))
    rollout(rig, new)
    done = datetime.now(UTC)

    (one,) = pods(rig).values()
    began = one["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]
    assert 10 <= (done - datetime.fromisoformat(began)).total_seconds()
    assert all_right(rig, new, 1)

    again = rollout(rig, new)

    assert again.outcome == "unchanged"
    assert sum(again.seconds.values()) < 10


def test_a_tag_that_was_pushed_again_is_replaced_by_what_it_stands_for_now(rig: Rig, old: str, new: str) -> None:
    """Under IfNotPresent the node keeps what it pulled first, and says nothing of it."""
    tag = f"{REPOSITORY}:moving-{rig.kubectl.namespace}"
    stand_for(tag, old)
    rig.start(scheduler(tag))
    stand_for(tag, new)
    before = ids(rig)
    finished = rig.command("rollout", f"--image={tag}", "--json")
    document = json.loads(finished.stdout)

    assert finished.returncode == 0, finished.stderr
    assert before == {old.partition("@")[2]}
    assert document["image"] == new
    assert all_right(rig, new, 1)


def test_a_tag_that_the_registry_does_not_have_moves_nothing(rig: Rig, old: str) -> None:
    rig.kubectl.apply(scheduler(old, replicas=0))
    finished = rig.command("rollout", f"--image={REPOSITORY}:never-pushed")
    named = rig.command("rollout", f"--image={REPOSITORY}")

    assert (finished.returncode, named.returncode) == (2, 2)
    assert f"The registry does not have {REPOSITORY}:never-pushed" in finished.stderr
    assert "names neither a tag nor a digest" in named.stderr
    assert rig.kubectl.images() == {"deployment/scheduler": {old}}


def test_what_push_recorded_is_rolled_out_by_digest(rig: Rig, old: str, new: str) -> None:
    rig.kubectl.apply(scheduler(f"{REPOSITORY}:1", replicas=0))
    pushed = {
        "reference": f"{REPOSITORY}:3f9c2a71d0b4-0b109ce7197b", "digest": new.partition("@")[2],
        "dag_version": "3f9c2a71d0b4", "tested": True, "airflow": "3.3.2", "platforms": ["linux/amd64"],
    }  # fmt: skip
    (rig.scratch / ".dagship").mkdir()
    (rig.scratch / ".dagship/push.json").write_text(json.dumps(pushed), "utf-8")
    finished = rig.command("rollout")

    assert finished.returncode == 0, finished.stderr
    assert rig.kubectl.images() == {"deployment/scheduler": {new}}
    assert (rig.record.releases[-1].dag_version, rig.record.releases[-1].airflow) == ("3f9c2a71d0b4", "3.3.2")
    assert "3f9c2a71d0b4" in finished.stderr
    assert json.loads((rig.scratch / ".dagship/rollout.json").read_text("utf-8"))["release"] == 1


@pytest.mark.sampled
@pytest.mark.parametrize("first", [True, False])
def test_the_same_image_under_another_manifest_is_the_same_image(rig: Rig, *, first: bool) -> None:
    """As a registry that rewrites manifests makes it: a node that has both may name either of them."""
    old = image(f"renamed-{'first' if first else 'last'}")
    other = again(old, first=first)
    rig.start(scheduler(old))
    result = rollout(rig, other)

    assert result.passed, result.failure
    assert set(rig.kubectl.running().values()) == {other}
