"""Which pods a workload is to have: above its partition, of its newest revision, and no others."""

from tests.builders import pods as o
from tests.builders.verdicts import OLD, of_deployment, of_set, old, schedulers, workers


def test_a_stateful_set_of_no_pods_is_done_when_the_last_is_gone() -> None:
    assert of_set(o.stateful_set(replicas=0), []).done
    assert of_set(o.stateful_set(replicas=0), [old("worker-0")]).waiting == "worker-0 to end"


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


def test_evicted_pods_that_stay_on_record_are_in_nobodys_way() -> None:
    evicted = o.deployed("x", "old", image=o.V1, ready=False, phase="Failed", reason="Evicted")

    assert of_deployment(o.deployment(), [*schedulers(), evicted]).done


def test_a_right_pod_that_is_being_deleted_counts_no_more_and_is_not_waited_for() -> None:
    drained = o.deployed("c", deleting=o.NOW + 20)

    assert of_deployment(o.deployment(), [*schedulers(), drained]).done
    assert of_deployment(o.deployment(), [o.deployed("a"), drained]).waiting == "a new pod to be made"


def test_a_deployment_of_no_pods_is_done() -> None:
    assert of_deployment(o.deployment(replicas=0), []).done
