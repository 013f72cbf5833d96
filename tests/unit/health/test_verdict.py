"""The verdict on a workload, from one snapshot of it and its pods.

Each rule alone first, then what holds whatever the pods look like.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagship.health.verdict import Verdict, judge
from dagship.workloads import status as workload_status
from tests.builders import pods as o
from tests.builders.verdicts import IDS, OLD, of_deployment, of_set, old, schedulers, workers

# A StatefulSet


def test_a_stateful_set_is_done_when_every_pod_is_right() -> None:
    verdict = of_set(o.stateful_set(), workers())

    assert (verdict.done, verdict.ready, verdict.desired) == (True, 3, 3)
    assert (verdict.waiting, verdict.delete, verdict.warnings, verdict.foreign) == ("", (), (), "")


@pytest.mark.parametrize(
    ("raw", "pods", "ready", "waiting"),
    [
        pytest.param(
            o.stateful_set(observedGeneration=1), workers(), 0, "the controller to see the change", id="not observed"
        ),
        pytest.param(
            o.stateful_set(updateRevision=""), workers(), 0, "the controller to see the change", id="revision unknown"
        ),
        pytest.param(o.stateful_set(), workers(old("worker-1")), 2, "worker-1 to be replaced", id="old revision"),
        pytest.param(
            o.stateful_set(), workers(o.pod("worker-1", ready=False)), 2, "worker-1 to be ready", id="not ready"
        ),
        pytest.param(
            o.stateful_set(),
            workers(o.pod("worker-2", ready=False, statuses=[o.waiting()])),
            2,
            "worker-2 to be started",
            id="being started",
        ),
        pytest.param(
            o.stateful_set(),
            workers(o.pod("worker-2", ready=False, statuses=[o.waiting(reason="ErrImagePull")])),
            2,
            "worker-2 to be ready, worker: ErrImagePull",
            id="image",
        ),
        pytest.param(
            o.stateful_set(),
            workers(
                o.pod(
                    "worker-2",
                    ready=False,
                    inits=[o.container("wait")],
                    init_statuses=[o.running("wait", ready=False)],
                    statuses=[o.waiting(reason="PodInitializing")],
                )
            ),
            2,
            "worker-2 to be ready, wait is running",
            id="initContainer",
        ),
        pytest.param(
            o.stateful_set(), workers(o.unschedulable("worker-2")), 2, "a node for worker-2", id="without a node"
        ),
        pytest.param(
            o.stateful_set(),
            workers(o.pod("worker-2", deleting=o.NOW + 540)),
            2,
            "worker-2 to end, 540 s left",
            id="ending",
        ),
        pytest.param(o.stateful_set(), workers()[:2], 2, "worker-2 to be made", id="missing"),
        pytest.param(
            o.stateful_set(),
            workers(o.pod("worker-0", image="registry:5000/team/airflow:1", statuses=[o.running(image=o.V1)])),
            2,
            "worker-0 to run the right image, worker has registry:5000/team/airflow:1",
            id="the pod asks for a tag",
        ),
        pytest.param(
            o.stateful_set(),
            workers(o.pod("worker-0", image=o.V1)),
            2,
            f"worker-0 to run the right image, worker has {o.V1}",
            id="the pod asks for another image",
        ),
        pytest.param(o.stateful_set(replicas=2), workers(), 2, "worker-2 to end", id="a pod too many is still there"),
        pytest.param(o.stateful_set(updatedReplicas=2), workers(), 3, "the controller to count its pods", id="counts"),
        pytest.param(o.stateful_set(readyReplicas=2), workers(), 3, "all its pods to be ready", id="ready count"),
        pytest.param(
            o.stateful_set(spec={"minReadySeconds": 30}, availableReplicas=1),
            workers(),
            3,
            "its pods to have been ready for long enough (minReadySeconds)",
            id="minReadySeconds",
        ),
        pytest.param(
            o.stateful_set(currentRevision=OLD), workers(), 3, "the controller to end the update", id="revisions differ"
        ),
    ],
)
def test_a_stateful_set_is_not_done_before(raw: o.Raw, pods: list[o.Raw], ready: int, waiting: str) -> None:
    verdict = of_set(raw, pods)

    assert (verdict.done, verdict.ready, verdict.waiting) == (False, ready, waiting)


def test_a_template_that_somebody_set_to_another_image_is_foreign() -> None:
    verdict = of_set(o.stateful_set(image=o.V1), workers(old("worker-2", ready=False)), undoing=True)

    assert (verdict.done, verdict.foreign, verdict.waiting, verdict.delete) == (False, o.V1, "", ())


def test_a_container_that_is_gone_from_the_template_is_foreign() -> None:
    assert of_set(o.stateful_set(), workers(), target={"sidecar": o.V2}).foreign == "no container sidecar"


def test_on_delete_is_done_without_the_current_revision_that_never_moves() -> None:
    assert of_set(o.stateful_set(strategy=o.ON_DELETE, currentRevision=OLD), workers()).done


# A Deployment


def test_a_deployment_is_done_when_its_new_pods_are_right_and_the_old_are_gone() -> None:
    verdict = of_deployment(o.deployment(), schedulers())

    assert (verdict.done, verdict.ready, verdict.desired, verdict.waiting) == (True, 2, 2, "")


@pytest.mark.parametrize(
    ("raw", "pods", "waiting"),
    [
        pytest.param(
            o.deployment(observedGeneration=1), schedulers(), "the controller to see the change", id="observed"
        ),
        pytest.param(
            o.deployment(replicas=2, updatedReplicas=1),
            [o.deployed("a"), o.deployed("c", "old", image=o.V1)],
            "a new pod to be made",
            id="surge has not begun",
        ),
        pytest.param(
            o.deployment(replicas=3, updatedReplicas=2, spec={"replicas": 2}),
            [*schedulers(), o.deployed("c", "old", image=o.V1)],
            "scheduler-old-c to end",
            id="an old one is beside",
        ),
        pytest.param(
            o.deployment(),
            [*schedulers(), o.deployed("c", "old", image=o.V1, deleting=o.NOW + 20)],
            "scheduler-old-c to end, 20 s left",
            id="an old one is ending, which the counts leave out",
        ),
        pytest.param(
            o.deployment(readyReplicas=1, availableReplicas=1),
            [o.deployed("a"), o.deployed("b", ready=False)],
            "scheduler-new-b to be ready",
            id="not ready",
        ),
        pytest.param(
            o.deployment(availableReplicas=1),
            schedulers(),
            "its pods to have been ready for long enough (minReadySeconds)",
            id="minReadySeconds",
        ),
        pytest.param(o.deployment(updatedReplicas=1), schedulers(), "the controller to count its pods", id="counts"),
        pytest.param(o.deployment(readyReplicas=1), schedulers(), "all its pods to be ready", id="ready count"),
    ],
)
def test_a_deployment_is_not_done_before(raw: o.Raw, pods: list[o.Raw], waiting: str) -> None:
    verdict = of_deployment(raw, pods)

    assert (verdict.done, verdict.waiting) == (False, waiting)


def test_under_recreate_the_old_pods_are_waited_for_before_there_is_a_new_revision() -> None:
    raw = o.deployment(revision=1, strategy={"type": "Recreate"}, updatedReplicas=0, readyReplicas=0)
    ending = [o.deployed("c", "old", image=o.V1, deleting=o.NOW + 20)]

    verdict = of_deployment(raw, ending, [o.replica_set("old", 1, image=o.V1)])

    assert (verdict.done, verdict.ready, verdict.waiting) == (False, 0, "scheduler-old-c to end, 20 s left")


def test_a_paused_deployment_waits_for_a_person() -> None:
    verdict = of_deployment(o.deployment(spec={"paused": True}), schedulers())

    assert (verdict.done, verdict.waiting) == (False, "somebody to resume it, it is paused")
    assert verdict.warnings == ("scheduler is paused: nothing of it moves until it is resumed.",)


# A CronJob


def test_a_cron_job_is_done_as_soon_as_it_says_the_image() -> None:
    def verdict(image: str) -> Verdict:
        state = workload_status.workload(o.cron_job(image))
        return judge(state, (), target={"cleanup": o.V2}, ids=IDS, now=o.NOW, settle=10)

    assert verdict(o.V2).done
    assert (verdict(o.V1).done, verdict(o.V1).foreign) == (False, o.V1)


# What is said besides


def test_a_pod_without_a_node_is_warned_of() -> None:
    assert of_set(o.stateful_set(), workers(o.unschedulable("worker-2"))).warnings == (
        "worker-2 has no node: 0/3 nodes are available: 3 Insufficient memory.",
    )


def test_a_pod_that_does_not_end_in_its_time_is_warned_of() -> None:
    stuck = o.pod("worker-2", deleting=o.NOW - 91)

    verdict = of_set(o.stateful_set(), workers(stuck))

    assert verdict.waiting == "worker-2 to end"
    assert verdict.warnings == ("worker-2 has not ended in the time it was given; its node may be gone.",)


def test_a_pod_that_has_just_ended_after_long_is_not_warned_of() -> None:
    over = o.pod("worker-2", deleting=o.NOW - 91, grace=0)

    assert of_set(o.stateful_set(), workers(over)).warnings == ()


def test_a_pod_that_ends_may_take_the_time_it_has_been_given() -> None:
    pods = workers(o.pod("worker-2", deleting=o.NOW + 540), o.pod("worker-1", deleting=o.NOW + 20))

    assert of_set(o.stateful_set(), pods).patient_until == o.NOW + 540
    assert of_set(o.stateful_set(), workers()).patient_until == 0


def test_a_container_that_starts_and_crashes_makes_no_progress() -> None:
    raw = o.stateful_set(updatedReplicas=3, readyReplicas=2)
    circle = [
        o.pod("worker-2", statuses=[o.running(since=o.NOW - 2, restarts=restarts)])
        if up
        else o.pod("worker-2", ready=False, statuses=[o.crashing(restarts=restarts)])
        for restarts in range(1, 5)
        for up in (True, False)
    ]

    assert len({of_set(raw, workers(pod)).progress for pod in circle}) == 1


def test_a_pod_that_is_made_again_and_again_makes_no_progress() -> None:
    raw = o.stateful_set(updatedReplicas=3, readyReplicas=2)
    again = [o.pod("worker-2", ready=False, statuses=[o.waiting()], uid=f"uid-{number}") for number in range(5)]

    assert len({of_set(raw, workers(pod)).progress for pod in again}) == 1


def test_every_stage_of_a_pod_is_progress() -> None:
    raw = o.stateful_set(updatedReplicas=2)
    inits, wait = [o.container("wait")], {**o.running("wait"), "state": o.ended(0, "Completed")}
    stages = [
        workers(old("worker-2")),
        workers(old("worker-2", deleting=o.NOW + 60)),
        workers()[:2],
        workers(o.unschedulable("worker-2")),
        workers(o.pod("worker-2", inits=inits, ready=False, statuses=[o.waiting(reason="PodInitializing")])),
        workers(o.pod("worker-2", inits=inits, ready=False, statuses=[o.waiting()], init_statuses=[wait])),
        workers(o.pod("worker-2", inits=inits, ready=False, init_statuses=[wait])),
        workers(o.pod("worker-2", inits=inits, init_statuses=[wait])),
    ]

    assert len({of_set(raw, pods).progress for pods in stages}) == len(stages)


# Whatever the pods look like

any_pod = st.fixed_dictionaries(
    {
        "revision": st.sampled_from(["worker-new", OLD]),
        "ready": st.booleans(),
        "image": st.sampled_from([o.V1, o.V2]),
        "deleting": st.sampled_from([None, None, None, o.NOW + 60]),
        "age": st.sampled_from([1, 100]),
        "crashing": st.booleans(),
    }
)
right = {"revision": "worker-new", "ready": True, "image": o.V2, "deleting": None, "age": 100}


def made(name: str, pod: dict[str, Any]) -> o.Raw:
    status = o.running(image=pod["image"], since=o.NOW - pod["age"], ready=pod["ready"])
    broken = pod.get("crashing") and not pod["ready"]
    more = {"statuses": [o.crashing() if broken else status]}
    return o.pod(
        name, revision=pod["revision"], ready=pod["ready"], image=pod["image"], deleting=pod["deleting"], **more
    )


def is_right(pod: dict[str, Any]) -> bool:
    return all(pod[name] == value for name, value in right.items())


@given(
    pods=st.lists(st.one_of(st.none(), any_pod, st.just(right)), max_size=5),
    replicas=st.integers(0, 4),
    keep=st.integers(0, 5),
    policy=st.sampled_from(["OrderedReady", "Parallel"]),
    on_delete=st.booleans(),
    undoing=st.booleans(),
)
def test_a_stateful_set_is_done_exactly_when_all_pods_in_scope_are_right(
    *,
    pods: list[dict[str, Any] | None],
    replicas: int,
    keep: int,
    policy: str,
    on_delete: bool,
    undoing: bool,
) -> None:
    begin = 0 if on_delete else min(keep, replicas)
    there = {number: pod for number, pod in enumerate(pods) if pod is not None}
    in_scope = [there.get(number) for number in range(begin, replicas)]
    beyond = [number for number in there if number >= replicas]
    raw = o.stateful_set(replicas=replicas, policy=policy, strategy=o.ON_DELETE if on_delete else o.partition(keep))

    verdict = of_set(raw, [made(f"worker-{number}", pod) for number, pod in there.items()], undoing=undoing)

    assert verdict.done is (all(pod is not None and is_right(pod) for pod in in_scope) and not beyond)
    assert verdict.done is (verdict.waiting == "")
    assert verdict.ready == sum(pod is not None and is_right(pod) for pod in in_scope)
    assert verdict.desired == len(in_scope)
    for name in verdict.delete:
        number = int(name.rpartition("-")[2])
        assert begin <= number < replicas
        assert there[number]["revision"] == OLD
        assert there[number]["deleting"] is None
    assert sum(there[int(name.rpartition("-")[2])]["ready"] for name in verdict.delete) <= int(on_delete)


@given(pods=st.lists(st.tuples(st.booleans(), any_pod), max_size=6), replicas=st.integers(0, 4))
def test_a_deployment_is_never_done_with_a_pod_that_is_not_right(
    pods: list[tuple[bool, dict[str, Any]]], replicas: int
) -> None:
    raws = []
    for number, (new, pod) in enumerate(pods):
        one = {**pod, "revision": "new" if new else "old"}
        raw = o.deployed(str(number), one["revision"], ready=pod["ready"], image=pod["image"], deleting=pod["deleting"])
        raw["status"] = made("worker-0", pod)["status"]
        raws.append(raw)
    serving = [pod for new, pod in pods if new and pod["deleting"] is None]

    verdict = of_deployment(o.deployment(replicas=replicas), raws)

    if verdict.done:
        assert all(new for new, _ in pods)
        assert all(is_right({**pod, "revision": "worker-new"}) for pod in serving)
        assert len(serving) >= replicas
    assert verdict.delete == ()
