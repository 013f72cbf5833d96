"""The verdict on one look at a workload and its pods.

Each rule alone first, then what holds whatever the pods look like, and at last a controller that the verdicts drive.
"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagship.health.verdict import Verdict, judge
from dagship.workloads import status as workload_status
from dagship.workloads.image_identity import digest
from tests.builders import pods as o
from tests.builders.controller import Controller, Pod

IDS = frozenset({o.digest(o.V2)})
OLD = "worker-old"


def of_set(raw: o.Raw, pods: list[o.Raw], **more: Any) -> Verdict:
    state = workload_status.workload(raw)
    options = {"target": {"worker": o.V2}, "ids": IDS, "now": o.NOW, "settle": 10.0, **more}
    return judge(state, workload_status.pods_of(state, pods), **options)


def of_deployment(raw: o.Raw, pods: list[o.Raw], sets: list[o.Raw] | None = None, **more: Any) -> Verdict:
    sets = sets or [o.replica_set("old", 1, image=o.V1), o.replica_set("new", 2)]
    state = workload_status.workload(raw, sets)
    options = {"target": {"worker": o.V2}, "ids": IDS, "now": o.NOW, "settle": 10.0, **more}
    return judge(state, workload_status.pods_of(state, pods, sets), **options)


def workers(*others: o.Raw, count: int = 3) -> list[o.Raw]:
    """Pods that are right, but for those given."""
    named = {pod["metadata"]["name"]: pod for pod in others}
    return [named.get(f"worker-{ordinal}") or o.pod(f"worker-{ordinal}") for ordinal in range(count)]


def old(name: str, **more: Any) -> o.Raw:
    return o.pod(name, revision=OLD, image=o.V1, **more)


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


def test_a_stateful_set_of_no_pods_is_done_when_the_last_is_gone() -> None:
    assert of_set(o.stateful_set(replicas=0), []).done
    assert of_set(o.stateful_set(replicas=0), [old("worker-0")]).waiting == "worker-0 to end"


def test_a_container_without_a_probe_counts_after_it_ran_for_a_while() -> None:
    young = o.pod("worker-1", statuses=[o.running(since=o.NOW - 9)])

    assert of_set(o.stateful_set(), workers(young)).waiting == "worker-1 to have run for 10 s"
    assert of_set(o.stateful_set(), workers(young), now=o.NOW + 1).done


def test_a_container_with_a_probe_counts_at_once() -> None:
    young = o.pod("worker-1", containers=[o.container(readinessProbe=o.PROBE)], statuses=[o.running(since=o.NOW - 1)])

    assert of_set(o.stateful_set(), workers(young)).done


def test_a_sidecar_without_a_probe_has_to_settle_too() -> None:
    young = o.pod(
        "worker-1",
        containers=[o.container(readinessProbe=o.PROBE), o.container("log-groomer")],
        statuses=[o.running(), o.running("log-groomer", since=o.NOW - 1)],
    )

    assert of_set(o.stateful_set(), workers(young)).waiting == "worker-1 to have run for 10 s"


def test_every_container_that_is_to_run_the_image_must() -> None:
    inits, done = [o.container("wait", o.V1)], {**o.running("wait", o.V1), "state": o.ended(0, "Completed")}
    raw = o.stateful_set(template={"spec": {"initContainers": [o.container("wait")], "containers": [o.container()]}})
    wrong = o.pod("worker-0", inits=inits, init_statuses=[done])

    verdict = of_set(raw, workers(wrong), target={"worker": o.V2, "wait": o.V2})

    assert verdict.waiting == f"worker-0 to run the right image, wait has {o.V1}"


def test_an_image_by_the_name_of_a_mirror_is_right_when_the_digest_is() -> None:
    mirrored = "mirror.example/team/airflow@" + o.digest(o.V2)

    assert of_set(o.stateful_set(), workers(o.pod("worker-1", image=mirrored))).done


def test_an_image_that_was_asked_for_by_digest_is_right_whatever_the_node_calls_it() -> None:
    """A node that has an image by two manifests names it by either."""
    renamed = o.pod("worker-1", statuses=[o.running(image=o.V1)])
    verdict = of_set(o.stateful_set(), workers(renamed))

    assert verdict.done
    assert verdict.warnings == (
        f"worker-1 runs worker by another manifest of the same image, {o.running(image=o.V1)['imageID']}.",
    )


def test_an_image_by_tag_is_right_when_the_node_reports_its_digest() -> None:
    tag = "registry:5000/team/airflow:3f9c"
    raw = o.stateful_set(image=tag)
    pods = workers(*(o.pod(f"worker-{number}", image=tag, statuses=[o.running(image=o.V2)]) for number in range(3)))
    other = workers(*(o.pod(f"worker-{number}", image=tag, statuses=[o.running(image=o.V1)]) for number in range(3)))

    assert of_set(raw, pods, target={"worker": tag}).done
    assert not of_set(raw, other, target={"worker": tag}).done


def test_without_digests_the_asked_image_is_what_counts() -> None:
    elsewhere = o.pod("worker-1", statuses=[o.running(image=o.V1)])

    assert of_set(o.stateful_set(), workers(elsewhere), ids=frozenset()).done


@pytest.mark.parametrize(
    "reported",
    [
        o.V2,
        f"docker-pullable://{o.V2}",
        f"docker.io/library/x@{o.digest(o.V2)}",
        o.digest(o.V2),
    ],
)
def test_the_digest_is_read_from_what_any_runtime_reports(reported: str) -> None:
    assert digest(reported) == o.digest(o.V2)


def test_an_image_without_a_digest_has_none() -> None:
    assert digest("registry:5000/team/airflow:3f9c") == ""


def test_a_template_that_somebody_set_to_another_image_is_foreign() -> None:
    verdict = of_set(o.stateful_set(image=o.V1), workers(old("worker-2", ready=False)), undoing=True)

    assert (verdict.done, verdict.foreign, verdict.waiting, verdict.delete) == (False, o.V1, "", ())


def test_a_container_that_is_gone_from_the_template_is_foreign() -> None:
    assert of_set(o.stateful_set(), workers(), target={"sidecar": o.V2}).foreign == "no container sidecar"


# A partition


def test_below_its_partition_pods_stay_as_they_are() -> None:
    raw = o.stateful_set(strategy=o.partition(2), currentRevision=OLD, updatedReplicas=1)

    verdict = of_set(raw, workers(old("worker-0"), old("worker-1")))

    assert (verdict.done, verdict.ready, verdict.desired) == (True, 1, 1)
    assert verdict.warnings == ("Its partition keeps 2 of the 3 pods of worker on the revision they have.",)


def test_above_its_partition_pods_have_to_be_right() -> None:
    raw = o.stateful_set(strategy=o.partition(2), currentRevision=OLD, updatedReplicas=1)

    assert of_set(raw, workers(old("worker-0"), old("worker-1"), old("worker-2"))).waiting == "worker-2 to be replaced"


def test_below_its_partition_pods_have_to_be_ready_all_the_same() -> None:
    raw = o.stateful_set(strategy=o.partition(2), currentRevision=OLD, updatedReplicas=1, readyReplicas=2)

    assert of_set(raw, workers(old("worker-0", ready=False), old("worker-1"))).waiting == "all its pods to be ready"


def test_a_partition_above_all_pods_lets_none_move_and_says_so() -> None:
    raw = o.stateful_set(strategy=o.partition(7), currentRevision=OLD, updatedReplicas=0)

    verdict = of_set(raw, workers(old("worker-0"), old("worker-1"), old("worker-2")))

    assert (verdict.done, verdict.desired) == (True, 0)
    assert verdict.warnings == ("Its partition keeps 3 of the 3 pods of worker on the revision they have.",)


def test_a_partition_counts_pods_from_wherever_their_numbers_begin() -> None:
    raw = o.stateful_set(
        strategy=o.partition(1), spec={"ordinals": {"start": 5}}, replicas=2, currentRevision=OLD, updatedReplicas=1
    )

    assert of_set(raw, [old("worker-5"), o.pod("worker-6")]).done
    assert of_set(raw, [old("worker-5"), old("worker-6")]).waiting == "worker-6 to be replaced"


# Pods to delete


def test_on_delete_takes_the_highest_pod_first() -> None:
    raw = o.stateful_set(strategy=o.ON_DELETE, currentRevision=OLD, updatedReplicas=0)

    assert of_set(raw, workers(old("worker-0"), old("worker-1"), old("worker-2"))).delete == ("worker-2",)


def test_on_delete_takes_a_pod_that_is_not_ready_before_those_that_work() -> None:
    raw = o.stateful_set(strategy=o.ON_DELETE, currentRevision=OLD, updatedReplicas=0)

    assert of_set(raw, workers(old("worker-0", ready=False), old("worker-1"), old("worker-2"))).delete == ("worker-0",)


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(old("worker-2", deleting=o.NOW + 60), id="is ending"),
        pytest.param(o.pod("worker-2", ready=False, statuses=[o.waiting()]), id="is starting"),
        pytest.param(o.pod("worker-2", statuses=[o.running(since=o.NOW - 3)]), id="has not settled"),
        pytest.param(None, id="is not made yet"),
    ],
)
def test_on_delete_takes_no_further_pod_while_the_last(last: o.Raw | None) -> None:
    raw = o.stateful_set(strategy=o.ON_DELETE, currentRevision=OLD, updatedReplicas=1)
    pods = [old("worker-0"), old("worker-1"), *([last] if last else [])]

    assert of_set(raw, pods).delete == ()


def test_on_delete_deletes_nothing_before_the_controller_has_seen_the_change() -> None:
    raw = o.stateful_set(strategy=o.ON_DELETE, observedGeneration=1)

    assert of_set(raw, workers(old("worker-2"))).delete == ()


def test_on_delete_is_done_without_the_current_revision_that_never_moves() -> None:
    assert of_set(o.stateful_set(strategy=o.ON_DELETE, currentRevision=OLD), workers()).done


def test_a_broken_pod_below_a_missing_one_is_deleted_for_it_holds_the_other_up() -> None:
    raw = o.stateful_set(strategy=o.ON_DELETE, currentRevision=OLD, updatedReplicas=0)
    pods = [old("worker-0", ready=False), old("worker-1")]

    assert of_set(raw, pods).delete == ("worker-0",)
    assert of_set({**raw, "spec": {**raw["spec"], "podManagementPolicy": "Parallel"}}, pods).delete == ()


def test_a_failed_pod_of_another_revision_is_deleted_for_the_controller_waits_for_it() -> None:
    broken = old("worker-2", ready=False, statuses=[o.crashing(restarts=3)])

    verdict = of_set(o.stateful_set(currentRevision="worker-new", updatedReplicas=2, readyReplicas=2), workers(broken))

    assert (verdict.done, verdict.delete, verdict.warnings) == (False, ("worker-2",), ())


def test_a_pod_of_another_revision_that_may_get_ready_is_left_and_warned_of() -> None:
    slow = old("worker-2", ready=False, statuses=[o.waiting()])

    verdict = of_set(o.stateful_set(updatedReplicas=2, readyReplicas=2), workers(slow))

    assert verdict.delete == ()
    assert verdict.warnings == (
        "worker-2 is of another revision and not ready: Kubernetes replaces no pod before it is.",
    )


def test_undoing_deletes_every_pod_of_another_revision_that_is_not_ready() -> None:
    slow = old("worker-2", ready=False, statuses=[o.waiting()])

    assert of_set(o.stateful_set(updatedReplicas=2), workers(slow), undoing=True).delete == ("worker-2",)
    assert of_set(o.stateful_set(updatedReplicas=2), workers(old("worker-2")), undoing=True).delete == ()


def test_undoing_leaves_pods_of_the_restored_revision_alone() -> None:
    slow = o.pod("worker-2", ready=False, statuses=[o.crashing()])

    assert of_set(o.stateful_set(), workers(slow), undoing=True).delete == ()


@pytest.mark.parametrize(
    ("pods", "taken"),
    [
        (workers(old("worker-0"), old("worker-1"), old("worker-2")), ("worker-2", "worker-1")),
        (workers(old("worker-0"), old("worker-1"), old("worker-2", deleting=o.NOW + 9)), ("worker-1",)),
        (workers(old("worker-0"), old("worker-1"), o.pod("worker-2", ready=False)), ("worker-1",)),
        (workers(old("worker-0"), old("worker-1"))[:2], ("worker-1",)),
        (workers(old("worker-0"), old("worker-1", ready=False), o.pod("worker-2", ready=False)), ()),
        (workers(old("worker-0")), ("worker-0",)),
        (workers(), ()),
    ],
)
def test_several_may_be_away_at_a_time_where_that_was_asked_for(pods: list[o.Raw], taken: tuple[str, ...]) -> None:
    rolling = o.stateful_set()

    assert of_set(rolling, pods, at_once=2).delete == taken
    assert of_set(rolling, pods).delete == ()


def test_on_the_way_back_the_controller_alone_takes_what_is_ready() -> None:
    outdated = workers(old("worker-0"), old("worker-1"), old("worker-2"))

    assert of_set(o.stateful_set(), outdated, at_once=2, undoing=True).delete == ()


def test_pods_below_a_partition_stay_however_many_may_be_away() -> None:
    outdated = workers(old("worker-0"), old("worker-1"), old("worker-2"))

    assert of_set(o.stateful_set(strategy=o.partition(2)), outdated, at_once=3).delete == ("worker-2",)


def test_a_pod_that_is_being_deleted_is_not_deleted_again() -> None:
    ending = old("worker-2", ready=False, deleting=o.NOW + 60)

    assert of_set(o.stateful_set(updatedReplicas=2), workers(ending), undoing=True).delete == ()


def test_parallel_pods_are_replaced_by_the_controller_broken_or_not() -> None:
    broken = old("worker-2", ready=False, statuses=[o.crashing()])

    assert of_set(o.stateful_set(policy="Parallel", updatedReplicas=2), workers(broken), undoing=True).delete == ()


def test_what_is_a_fault_only_when_it_lasts_is_judged_by_since_when_it_has_been_so() -> None:
    pulling = old("worker-2", ready=False, statuses=[o.waiting(reason="ImagePullBackOff", message="Back-off pulling")])
    since = {("uid-worker-2-worker-old/worker", "ImagePullBackOff"): o.NOW - 61}

    assert of_set(o.stateful_set(updatedReplicas=2), workers(pulling)).delete == ()
    assert of_set(o.stateful_set(updatedReplicas=2), workers(pulling), since=since).delete == ("worker-2",)


# A Deployment


def schedulers(**more: Any) -> list[o.Raw]:
    return [o.deployed("a", **more), o.deployed("b", **more)]


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


def test_evicted_pods_that_stay_on_record_are_in_nobodys_way() -> None:
    evicted = o.deployed("x", "old", image=o.V1, ready=False, phase="Failed", reason="Evicted")

    assert of_deployment(o.deployment(), [*schedulers(), evicted]).done


def test_a_right_pod_that_is_being_deleted_counts_no_more_and_is_not_waited_for() -> None:
    drained = o.deployed("c", deleting=o.NOW + 20)

    assert of_deployment(o.deployment(), [*schedulers(), drained]).done
    assert of_deployment(o.deployment(), [o.deployed("a"), drained]).waiting == "a new pod to be made"


def test_a_deployment_of_no_pods_is_done() -> None:
    assert of_deployment(o.deployment(replicas=0), []).done


def test_under_recreate_the_old_pods_are_waited_for_before_there_is_a_new_revision() -> None:
    raw = o.deployment(revision=1, strategy={"type": "Recreate"}, updatedReplicas=0, readyReplicas=0)
    ending = [o.deployed("c", "old", image=o.V1, deleting=o.NOW + 20)]

    verdict = of_deployment(raw, ending, [o.replica_set("old", 1, image=o.V1)])

    assert (verdict.done, verdict.ready, verdict.waiting) == (False, 0, "scheduler-old-c to end, 20 s left")


def test_a_paused_deployment_waits_for_a_person() -> None:
    verdict = of_deployment(o.deployment(spec={"paused": True}), schedulers())

    assert (verdict.done, verdict.waiting) == (False, "somebody to resume it, it is paused")
    assert verdict.warnings == ("scheduler is paused: nothing of it moves until it is resumed.",)


def test_pods_of_a_deployment_are_never_deleted_by_hand() -> None:
    broken = o.deployed("c", "old", ready=False, image=o.V1, statuses=[o.crashing()])

    assert of_deployment(o.deployment(replicas=1), [o.deployed("a"), broken], undoing=True).delete == ()


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


def test_a_pod_whose_image_a_webhook_gave_a_mirrors_registry_is_right() -> None:
    target = {"worker": "registry:5000/team/airflow:1"}
    raw = o.stateful_set(image=target["worker"])
    pods = [o.pod(f"worker-{number}", image="mirror:5000/hub/team/airflow:1") for number in (2, 1, 0)]

    assert of_set(raw, pods, target=target, ids=frozenset()).done


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


# A controller, driven by verdicts


@settings(max_examples=200)
@given(
    policy=st.sampled_from(["OrderedReady", "Parallel"]),
    strategy=st.sampled_from(["RollingUpdate", "OnDelete"]),
    pods=st.lists(st.tuples(st.sampled_from(["good", "bad", "none"]), st.booleans()), max_size=5),
)
def test_undoing_gets_every_stateful_set_back_and_takes_no_pod_that_works_before_the_last_is_back(
    policy: str, strategy: str, pods: list[tuple[str, bool]]
) -> None:
    there = {n: Pod(revision=revision, ready=ready) for n, (revision, ready) in enumerate(pods) if revision != "none"}
    controller = Controller(policy=policy, strategy=strategy, replicas=len(pods), pods=there)
    for _ in range(6 * len(pods) + 3):
        verdict = of_set(*controller.raw(), undoing=True)
        if verdict.done:
            break
        for name in verdict.delete:
            taken = controller.pods[int(name.rpartition("-")[2])]
            others = [pod for pod in controller.pods.values() if pod is not taken and pod.revision == "good"]
            assert taken.revision == "bad"
            assert not taken.ready or (len(controller.pods) == controller.replicas and all(pod.ready for pod in others))
            controller.delete(name)
        controller.step()

    assert verdict.done
    assert all(pod == Pod(revision="good", ready=True) for pod in controller.pods.values())
