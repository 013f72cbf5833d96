"""What cannot heal. The kubelet's words are those of a kubelet of 1.20 with containerd, but for the few that it has not."""

import pytest

from dagship.health.faults import Fault, creation_fault, pod_fault, seen_since, workload_fault
from dagship.workloads import status
from tests.builders import pods as o

IMAGE = "localhost:5000/testbed/busybox:nothing"
PULL = f'rpc error: code = NotFound desc = failed to pull and unpack image "{IMAGE}": '
NO_TAG = f'{PULL}failed to resolve reference "{IMAGE}": {IMAGE}: not found'
NO_PLATFORM = f"{PULL}no match for platform in manifest: not found"
NO_HOST = (
    f'rpc error: code = Unknown desc = failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": '
    'failed to do request: Head "https://registry.nowhere.svc:5000/v2/x/manifests/1": dial tcp: '
    "lookup registry.nowhere.svc on 10.88.0.1:53: no such host"
)
REFUSED = (
    f'rpc error: code = Unknown desc = failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": '
    'failed to do request: Head "http://localhost:5999/v2/x/manifests/1": dial tcp 127.0.0.1:5999: connect: '
    "connection refused"
)
DENIED = (
    f'rpc error: code = Unknown desc = failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": '
    "pull access denied, repository does not exist or may require authorization: server message: "
    "insufficient_scope: authorization failed"
)
PAUSE = f'Back-off pulling image "{IMAGE}"'


def waits(reason: str, message: str = "", **more: object) -> o.Raw:
    return o.pod(
        image=IMAGE, ready=False, phase="Pending", statuses=[o.waiting(reason=reason, message=message, **more)]
    )


def fault_of(raw: o.Raw, *, after: float = 0.0) -> Fault | None:
    """The fault of a pod that has been as it is for some seconds."""
    state = status.pod(raw)
    since = seen_since([state], {}, o.NOW - after)
    return pod_fault(state, since=since, now=o.NOW)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(o.pod(ready=False, statuses=[o.crashing()]), id="a container crashes"),
        pytest.param(o.pod(ready=False, statuses=[o.crashing(code=0, reason="Completed")]), id="a container ends"),
        pytest.param(waits("ErrImagePull", NO_TAG), id="no such tag"),
        pytest.param(waits("ErrImagePull", NO_PLATFORM), id="another platform"),
        pytest.param(waits("ErrImagePull", DENIED), id="denied"),
        pytest.param(waits("ImagePullBackOff", f"{PAUSE}: ErrImagePull: {NO_TAG}"), id="newer kubelets keep the cause"),
        pytest.param(waits("InvalidImageName", "couldn't parse image reference"), id="not a name"),
        pytest.param(waits("ErrImageNeverPull", "is not present with pull policy of Never"), id="never pulled"),
        pytest.param(waits("CreateContainerConfigError", 'secret "fernet" not found'), id="no Secret"),
        pytest.param(waits("CreateContainerConfigError", "couldn't find key missing in ConfigMap a/b"), id="no key"),
    ],
)
def test_is_a_fault_at_once(raw: o.Raw) -> None:
    assert fault_of(raw) is not None


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(o.pod(), id="a pod that runs"),
        pytest.param(o.pod(ready=False), id="a pod that is not ready yet"),
        pytest.param(o.pod(ready=False, statuses=[o.waiting()]), id="a container that is made"),
        pytest.param(
            o.pod(ready=False, statuses=[o.waiting(reason="PodInitializing")]), id="a container that has its turn"
        ),
        pytest.param(o.unschedulable(), id="a pod without a node"),
        pytest.param(
            o.pod(ready=False, statuses=[{**o.running(ready=False), "state": o.ended(1)}]), id="a first crash"
        ),
        pytest.param(
            waits("CreateContainerConfigError", "failed to sync configmap cache: timed out waiting for the condition"),
            id="a ConfigMap that the kubelet has not got yet",
        ),
        pytest.param(o.pod(ready=False, deleting=o.NOW + 5, statuses=[o.crashing()]), id="a pod that is being deleted"),
    ],
)
def test_is_never_a_fault(raw: o.Raw) -> None:
    assert fault_of(raw, after=3600) is None


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        pytest.param(waits("ErrImagePull", NO_HOST), 60, id="a registry that cannot be found"),
        pytest.param(waits("ErrImagePull", REFUSED), 60, id="a registry that is away"),
        pytest.param(waits("ImagePullBackOff", PAUSE), 60, id="a pull in its pause"),
        pytest.param(waits("CreateContainerError", "failed to generate spec"), 10, id="a container that is not made"),
        pytest.param(
            waits("CreateContainerError", "context deadline exceeded"), 300, id="a container that takes long to make"
        ),
        pytest.param(waits("RunContainerError", "failed to start container"), 10, id="a container that is not started"),
    ],
)
def test_is_a_fault_only_when_it_lasts(raw: o.Raw, seconds: float) -> None:
    assert fault_of(raw, after=seconds - 1) is None
    assert fault_of(raw, after=seconds) is not None


def test_an_init_container_may_crash_twice_since_it_waits_for_others() -> None:
    def waiting_for_migrations(restarts: int) -> o.Raw:
        crashed = o.crashing("wait-for-airflow-migrations", restarts=restarts)
        return o.pod(
            ready=False,
            inits=[o.container("wait-for-airflow-migrations")],
            init_statuses=[crashed],
            statuses=[o.waiting(reason="PodInitializing")],
        )

    assert fault_of(waiting_for_migrations(2)) is None
    found = fault_of(waiting_for_migrations(3))
    assert found is not None
    assert (found.container, found.reason) == ("wait-for-airflow-migrations", "CrashLoopBackOff")


def test_an_images_name_may_have_any_word_in_it() -> None:
    name = "registry:5000/forbidden/invalid-denied:1"
    message = f'failed to pull image "{name}": i/o timeout'
    raw = o.pod(image=name, ready=False, statuses=[o.waiting(reason="ErrImagePull", message=message)])

    assert fault_of(raw) is None


def test_a_fault_names_pod_and_container_and_says_what_the_kubelet_says() -> None:
    assert fault_of(waits("ErrImagePull", NO_TAG)) == Fault(
        pod="worker-0", container="worker", reason="ErrImagePull", message=NO_TAG
    )


def test_of_a_crash_the_fault_says_how_often_and_how_it_ended() -> None:
    crashed = o.crashing(code=137, reason="OOMKilled", restarts=2)

    found = fault_of(o.pod(ready=False, statuses=[crashed]))

    assert found is not None
    assert found.message == "it ended 3 times, last with exit status 137 (OOMKilled)"


def test_of_a_container_that_cannot_start_the_fault_says_why() -> None:
    crashed = o.crashing(code=128, reason="StartError", message='exec: "/nothing": no such file', restarts=1)

    found = fault_of(o.pod(ready=False, statuses=[crashed]))

    assert found is not None
    assert found.message == 'it ended 2 times, last with exit status 128 (StartError): exec: "/nothing": no such file'


@pytest.mark.parametrize(
    "reason",
    [
        "Evicted",
        "Preempting",
        "NodeShutdown",
        "Shutdown",
        "Terminated",
        "NodeLost",
        "NodeAffinity",
        "OutOfcpu",
        "OutOfpods",
    ],
)
def test_a_pod_that_was_ended_from_outside_is_made_again(reason: str) -> None:
    assert fault_of(o.pod(ready=False, statuses=[], phase="Failed", reason=reason)) is None


def test_a_pod_that_failed_otherwise_has_a_fault() -> None:
    raw = o.pod(ready=False, statuses=[], phase="Failed", reason="DeadlineExceeded", message="was active too long")

    assert fault_of(raw) == Fault(
        pod="worker-0", container="", reason="DeadlineExceeded", message="was active too long"
    )


def test_a_pull_that_fails_and_one_in_its_pause_are_the_same_trouble() -> None:
    failed, paused = status.pod(waits("ErrImagePull", REFUSED)), status.pod(waits("ImagePullBackOff", PAUSE))

    since = seen_since([paused], seen_since([failed], {}, o.NOW - 60), o.NOW)

    assert pod_fault(paused, since=since, now=o.NOW) is not None


def test_trouble_that_is_over_is_forgotten() -> None:
    failed, fine = status.pod(waits("ErrImagePull", REFUSED)), status.pod(o.pod())

    since = seen_since([failed], seen_since([fine], seen_since([failed], {}, o.NOW - 90), o.NOW - 30), o.NOW)

    assert pod_fault(failed, since=since, now=o.NOW) is None


def test_a_pod_that_was_made_again_has_its_own_time() -> None:
    before, after = (status.pod({**waits("ErrImagePull", REFUSED)}) for _ in range(2))
    after = status.pod(
        {**o.pod(image=IMAGE, ready=False, uid="another", statuses=[o.waiting(reason="ErrImagePull", message=REFUSED)])}
    )

    since = seen_since([after], seen_since([before], {}, o.NOW - 90), o.NOW)

    assert pod_fault(after, since=since, now=o.NOW) is None


# Workloads

OVER = o.condition(
    "Progressing", "False", "ProgressDeadlineExceeded", 'ReplicaSet "g-dd8f9dcf" has timed out progressing.'
)
QUOTA = o.condition(
    "ReplicaFailure",
    "True",
    "FailedCreate",
    'pods "g-55d89899cc-xzb48" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
)


@pytest.mark.parametrize(("condition", "reason"), [(OVER, "ProgressDeadlineExceeded"), (QUOTA, "FailedCreate")])
def test_a_deployment_that_does_not_get_on_has_a_fault_when_that_lasts(condition: o.Raw, reason: str) -> None:
    state = status.workload(o.deployment(conditions=[condition]), [o.replica_set()])

    def at(now: float) -> Fault | None:
        return workload_fault(state, seen_since([], seen_since([], {}, o.NOW, [state]), now, [state]), now)

    assert at(o.NOW) is None
    assert at(o.NOW + 9) is None
    assert at(o.NOW + 10) == Fault(pod="", container="", reason=reason, message=condition["message"])


def test_the_condition_of_the_revision_before_is_no_fault() -> None:
    state = status.workload(o.deployment(conditions=[OVER], observedGeneration=1), [o.replica_set()])

    assert workload_fault(state, seen_since([], {}, o.NOW - 60, [state]), o.NOW) is None


def test_a_deployment_that_gets_on_has_no_fault() -> None:
    progressing = o.condition("Progressing", "True", "ReplicaSetUpdated", "is progressing")
    state = status.workload(o.deployment(conditions=[progressing]), [o.replica_set()])

    assert workload_fault(state, seen_since([], {}, o.NOW - 60, [state]), o.NOW) is None


def event(reason: str, seconds: float, message: str = "") -> o.Raw:
    return {"metadata": {}, "reason": reason, "message": message, "lastTimestamp": o.stamp(o.NOW + seconds)}


def test_pods_that_a_stateful_set_cannot_make_are_known_by_its_newest_event() -> None:
    why = 'create Pod a-2 in StatefulSet a failed error: pods "a-2" is forbidden: exceeded quota: q'
    events = [event("FailedCreate", 5, why), event("SuccessfulCreate", 1), event("SuccessfulDelete", 9)]

    assert creation_fault(events) == Fault(pod="", container="", reason="FailedCreate", message=why)
    assert creation_fault([*events, event("SuccessfulCreate", 6)]) is None
    assert creation_fault([]) is None
