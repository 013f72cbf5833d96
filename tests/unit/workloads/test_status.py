"""Raw objects of the API server, read into plain values."""

import pytest

from dagship.workloads import status
from tests.builders import pods as o


def test_a_running_pod_is_read_whole() -> None:
    state = status.pod(o.pod("worker-1"))

    assert (state.name, state.uid) == ("worker-1", "uid-worker-1-worker-new")
    assert (state.owner_kind, state.owner, state.revision) == ("StatefulSet", "set", "worker-new")
    assert (state.ready, state.phase, state.reason, state.deleting) == (True, "Running", "", None)
    assert (state.scheduled, state.unscheduled_why, state.grace) == (True, "", 600)
    assert state.started == o.NOW - 200
    (worker,) = state.containers
    assert (worker.name, worker.init, worker.ready, worker.restarts) == ("worker", False, True, 0)
    assert (worker.image, worker.image_id) == (o.V2, o.V2)
    assert worker.running_since == o.NOW - 100
    assert (worker.waiting, worker.message, worker.exit_code, worker.reason) == ("", "", None, "")


def test_a_pod_works_while_its_main_container_runs_whatever_stands_before_it() -> None:
    proxy, worker = o.container("proxy"), o.container("main", command=["airflow", "celery", "worker"])
    starts = o.pod(containers=[proxy, worker], statuses=[o.running("proxy"), o.waiting("main")], ready=False)
    serves = o.pod(containers=[proxy, worker], statuses=[o.waiting("proxy"), o.running("main")], ready=False)

    assert status.pod(starts).main == "main"
    assert not status.works(status.pod(starts))
    assert status.works(status.pod(serves))


def test_a_pod_that_was_just_made_has_nothing_yet_and_is_read_all_the_same() -> None:
    raw = o.pod(statuses=[], ready=False)
    raw["status"] = {"phase": "Pending", "qosClass": "BestEffort"}
    del raw["spec"]["nodeName"]

    state = status.pod(raw)

    assert (state.ready, state.scheduled, state.unscheduled_why) == (False, False, "")
    (worker,) = state.containers
    assert (worker.image, worker.image_id, worker.ready, worker.waiting) == (o.V2, "", False, "")


def test_the_image_is_the_one_asked_for_and_not_the_runtimes_name_for_it() -> None:
    raw = o.pod()
    raw["status"]["containerStatuses"][0]["image"] = "sha256:" + "9" * 64

    assert status.pod(raw).containers[0].image == o.V2


def test_init_containers_come_first_and_are_told_apart() -> None:
    done = {**o.running("wait"), "state": o.ended(0, "Completed"), "ready": True}
    raw = o.pod(inits=[o.container("wait")], init_statuses=[done])

    wait, worker = status.pod(raw).containers

    assert (wait.name, wait.init, wait.ready, wait.running_since) == ("wait", True, True, None)
    assert (wait.exit_code, wait.reason) == (0, "Completed")
    assert (worker.name, worker.init) == ("worker", False)


def test_of_a_container_in_its_back_off_the_last_end_is_told() -> None:
    raw = o.pod(
        ready=False, statuses=[o.crashing(code=128, reason="StartError", message="exec: not found", restarts=2)]
    )

    worker = status.pod(raw).containers[0]

    assert (worker.waiting, worker.exit_code, worker.reason, worker.restarts) == (
        "CrashLoopBackOff",
        128,
        "StartError",
        2,
    )
    assert worker.message == "exec: not found"


def test_the_length_of_the_back_off_is_no_message() -> None:
    assert status.pod(o.pod(statuses=[o.crashing()])).containers[0].message == ""


def test_a_pod_that_is_being_deleted_says_until_when() -> None:
    state = status.pod(o.pod(deleting=o.NOW + 540))

    assert (state.deleting, state.grace, state.told, state.over) == (o.NOW + 540, 600, o.NOW - 60, False)


def test_a_pod_that_has_ended_says_when_it_was_told_to_and_how_long_it_had() -> None:
    state = status.pod(o.pod(deleting=o.NOW - 300, grace=0))

    assert (state.told, state.grace, state.over) == (o.NOW - 300, 600, True)


def test_a_pod_without_a_node_says_why() -> None:
    state = status.pod(o.unschedulable())

    assert (state.scheduled, state.unscheduled_why) == (False, "0/3 nodes are available: 3 Insufficient memory.")


@pytest.mark.parametrize(
    ("probe", "probed"), [("readinessProbe", True), ("startupProbe", True), ("livenessProbe", False)]
)
def test_a_probe_of_readiness_or_start_makes_ready_mean_something(probe: str, probed: bool) -> None:
    raw = o.pod(containers=[o.container(**{probe: o.PROBE})])

    assert status.pod(raw).containers[0].probed is probed


def test_an_owner_that_does_not_control_is_none() -> None:
    raw = o.pod()
    raw["metadata"]["ownerReferences"][0]["controller"] = False

    assert status.pod(raw).owner == ""


def test_a_stateful_set_is_read_whole() -> None:
    raw = o.stateful_set(
        strategy=o.partition(2), spec={"ordinals": {"start": 5}}, currentRevision="worker-old", updatedReplicas=1
    )

    state = status.workload(raw)

    assert (state.kind, state.name, state.uid) == ("StatefulSet", "worker", "uid-set")
    assert (state.generation, state.observed) == (2, 2)
    assert (state.desired, state.replicas, state.updated, state.ready) == (3, 3, 1, 3)
    assert (state.current_revision, state.update_revision) == ("worker-old", "worker-new")
    assert (state.partition, state.policy, state.strategy, state.ordinal_start) == (
        2,
        "OrderedReady",
        "RollingUpdate",
        5,
    )
    assert state.images == {"worker": o.V2}


def test_an_old_server_counts_no_available_pods_of_a_stateful_set_and_the_ready_ones_are_taken() -> None:
    assert status.workload(o.stateful_set(readyReplicas=2)).available == 2


def test_with_min_ready_seconds_the_available_pods_of_a_stateful_set_count() -> None:
    raw = o.stateful_set(spec={"minReadySeconds": 30}, readyReplicas=3)

    assert status.workload(raw).available == 0
    assert status.workload({**raw, "status": {**raw["status"], "availableReplicas": 2}}).available == 2


def test_counts_that_the_server_leaves_out_are_zero() -> None:
    raw = o.deployment(readyReplicas=0, availableReplicas=0, updatedReplicas=0)

    state = status.workload(raw, [o.replica_set()])

    assert (state.ready, state.available, state.updated) == (0, 0, 0)


def test_a_deployment_has_the_revision_of_its_newest_replica_set() -> None:
    others = o.replica_set("other", 9)
    others["metadata"]["ownerReferences"][0]["uid"] = "uid-of-another-deployment"
    sets = [o.replica_set("old", 1, image=o.V1), o.replica_set("new", 2), others]

    assert status.workload(o.deployment(), sets).update_revision == "new"


def test_revisions_are_numbers() -> None:
    sets = [o.replica_set("old", 9, image=o.V1), o.replica_set("new", 10)]

    assert status.workload(o.deployment(revision=10), sets).update_revision == "new"


@pytest.mark.parametrize(
    ("raw", "sets"),
    [
        pytest.param(
            o.deployment(observedGeneration=1), [o.replica_set()], id="the controller has not seen the change"
        ),
        pytest.param(
            o.deployment(), [o.replica_set("old", 1)], id="the newest ReplicaSet has not come by its watch yet"
        ),
        pytest.param(
            o.deployment(revision=1),
            [o.replica_set("old", 1, image=o.V1)],
            id="Recreate makes it when the old are gone",
        ),
        pytest.param(o.deployment(), [], id="there is none"),
    ],
)
def test_the_revision_of_a_deployment_is_empty_while_it_is_not_known(raw: o.Raw, sets: list[o.Raw]) -> None:
    assert status.workload(raw, sets).update_revision == ""


def test_a_cron_job_is_read_from_old_and_new_versions_of_its_api() -> None:
    state = status.workload(o.cron_job())

    assert (state.kind, state.images, state.paused) == ("CronJob", {"cleanup": o.V2}, False)
    assert status.workload(o.cron_job(suspend=True)).paused


def test_conditions_have_status_reason_and_message() -> None:
    failed = o.condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota")

    assert status.workload(o.deployment(conditions=[failed])).conditions == {
        "ReplicaFailure": ("True", "FailedCreate", "exceeded quota")
    }


def test_images_of_init_containers_belong_to_the_template() -> None:
    template = {"spec": {"initContainers": [o.container("wait", o.V1)], "containers": [o.container()]}}

    assert status.workload(o.stateful_set(template=template)).images == {"wait": o.V1, "worker": o.V2}


def test_the_pods_of_a_stateful_set_are_its_own_in_their_order() -> None:
    foreign = o.pod("other-0", owner="other")
    pods = [o.pod("worker-10"), o.pod("worker-2"), foreign, o.pod("bare", owner="")]

    assert [pod.name for pod in status.pods_of(o.stateful_set(), pods)] == ["worker-2", "worker-10"]


def test_the_pods_of_a_deployment_are_those_of_its_replica_sets() -> None:
    sets = [o.replica_set("old", 1), o.replica_set("new", 2)]
    pods = [o.deployed("a", "old"), o.deployed("b", "new"), o.deployed("c", "alien")]

    of_raw = status.pods_of(o.deployment(), pods, sets)
    of_state = status.pods_of(status.workload(o.deployment(), sets), pods, sets)

    assert [pod.revision for pod in of_raw] == ["new", "old"]
    assert of_raw == of_state
