"""Pods that are deleted because their controller does not replace them, and a controller that goes by it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import pods as o
from tests.builders.controller import Controller, Pod
from tests.builders.verdicts import OLD, of_deployment, of_set, old, workers


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


def test_pods_of_a_deployment_are_never_deleted_by_hand() -> None:
    broken = o.deployed("c", "old", ready=False, image=o.V1, statuses=[o.crashing()])

    assert of_deployment(o.deployment(replicas=1), [o.deployed("a"), broken], undoing=True).delete == ()


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
