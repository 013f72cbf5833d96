"""What a failure means. Every text below was printed by Kubernetes, and those in logs/ by Airflow."""

from pathlib import Path

import pytest

from dagship.diagnosis.explain import meaning
from dagship.health.faults import Fault
from tests.builders.crashes import CRASH, container, crash

LOGS = Path(__file__).parent / "logs"


def log(name: str) -> str:
    return (LOGS / f"{name}.txt").read_text(encoding="utf-8")


# What Kubernetes says

REF = "localhost:5000/testbed/busybox:nothing"
PULL = f'rpc error: code = NotFound desc = failed to pull and unpack image "{REF}": '
NO_TAG = f'{PULL}failed to resolve reference "{REF}": {REF}: not found'


def pull(message: str, *events: str, reason: str = "ErrImagePull") -> tuple[str, str]:
    fault = Fault(pod="worker-0", container="worker", reason=reason, message=message)
    return meaning(fault, container(None, image=REF), "", events)


@pytest.mark.parametrize(
    ("message", "sentence", "hint"),
    [
        (NO_TAG, f"The registry has no image {REF}.", "Push it"),
        (
            f"{PULL}no match for platform in manifest: not found",
            f"The image {REF} is for another processor or system than the node's.",
            "--platform",
        ),
        (
            (
                f"failed to resolve reference: pull access denied for {REF}, repository does not exist or may require "
                "authorization: server message: insufficient_scope: authorization failed"
            ),
            f"The registry does not give the image {REF} to the cluster.",
            "imagePullSecrets",
        ),
        (
            (
                f'{PULL}failed to do request: Head "https://registry.nowhere.svc:5000/v2/x/manifests/1": dial tcp: lookup '
                "registry.nowhere.svc on 10.88.0.1:53: no such host"
            ),
            f"The node cannot reach the registry of {REF}.",
            "nodes",
        ),
        (
            (
                f'{PULL}failed to do request: Head "http://localhost:5999/v2/x/manifests/1": dial tcp 127.0.0.1:5999: '
                "connect: connection refused"
            ),
            f"The node cannot reach the registry of {REF}.",
            "nodes",
        ),
        ("something else", f"The image {REF} cannot be pulled: something else", ""),
    ],
)
def test_a_failed_pull_is_told_by_its_cause(message: str, sentence: str, hint: str) -> None:
    said, advice = pull(message)

    assert said == sentence
    assert hint in advice


def test_the_cause_of_a_pull_in_its_pause_is_in_the_events() -> None:
    pause = f'Back-off pulling image "{REF}"'
    events = [f'Failed: Failed to pull image "{REF}": {NO_TAG}', "Failed: Error: ErrImagePull", f"BackOff: {pause}"]

    assert pull(pause, *events, reason="ImagePullBackOff")[0] == f"The registry has no image {REF}."


def test_a_bad_name_and_a_forbidden_pull_are_told() -> None:
    assert pull("couldn't parse image reference", reason="InvalidImageName")[0].startswith("Kubernetes cannot read")
    assert pull("is not present with pull policy of Never", reason="ErrImageNeverPull")[1].startswith("Set imagePull")


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ('secret "fernet" not found', "There is no secret 'fernet', which the pod refers to."),
        ('configmap "nothing" not found', "There is no configmap 'nothing', which the pod refers to."),
        (
            "couldn't find key missing in ConfigMap judge/some",
            "The ConfigMap 'some' has no key 'missing', which the pod refers to.",
        ),
        (
            'container has runAsNonRoot and image will run as root (pod: "root-85df9bfff5-bppxz", container: c)',
            "The pod must not run as root, and the image does.",
        ),
    ],
)
def test_what_a_pod_refers_to_and_is_not_there_is_named(message: str, sentence: str) -> None:
    fault = Fault(pod="worker-0", container="worker", reason="CreateContainerConfigError", message=message)

    assert meaning(fault, container(None), "", [])[0] == sentence


@pytest.mark.parametrize(
    ("why", "sentence"),
    [
        (
            'exec: "/nothing": stat /nothing: no such file or directory: unknown',
            "The image has no program '/nothing', which the container starts with.",
        ),
        ('exec: "/etc": permission denied: unknown', "'/etc', which the container starts with, cannot be executed."),
    ],
)
def test_a_program_that_cannot_be_started_is_named(why: str, sentence: str) -> None:
    message = f"failed to create containerd task: failed to create shim task: OCI runtime create failed: {why}"
    fault = Fault(pod="worker-0", container="worker", reason="CrashLoopBackOff", message=f"it ended 2 times: {message}")

    assert meaning(fault, container(128, "StartError"), "", [])[0] == sentence


def test_memory_that_ran_out_is_told_before_what_the_log_says() -> None:
    said, hint = meaning(CRASH, container(137, "OOMKilled"), log("3.3.2-pg_password"), [])

    assert said == "The container worker used more memory than its limit and was killed."
    assert "resources.limits.memory" in hint


def test_memory_that_the_runtime_did_not_hear_of_is_suspected_unless_kubernetes_killed() -> None:
    ready = "Unhealthy: Readiness probe failed: dial tcp 10.88.0.58:8793: connect: connection refused"
    said, hint = crash("loading", ready, code=137)

    assert said == "The container worker was killed, as happens where memory runs out."
    assert "resources.limits.memory" in hint
    assert "liveness probe" in crash("loading", *LIVENESS, code=137)[0]


LIVENESS = ("Unhealthy: Liveness probe failed: ", "Killing: Container c failed liveness probe, will be restarted")


def test_a_container_killed_by_its_liveness_probe_is_told() -> None:
    assert crash("", *LIVENESS, code=137)[0] == "Its liveness probe failed, and Kubernetes killed it."
    assert crash("2026-11-23 ERROR - shutting down\n", *LIVENESS, code=143)[0].startswith("Its liveness probe failed")


def test_an_error_of_its_own_goes_before_a_probe() -> None:
    assert crash("boom: cannot go on\n", *LIVENESS, code=1)[0] == "boom: cannot go on"
    assert crash(log("3.3.2-broker_refused"), *LIVENESS, code=137)[0].startswith("The Celery broker")


def test_a_container_that_ends_in_peace_is_told() -> None:
    assert crash("", code=0)[0] == "It ends as if its work were done."


TIMED_OUT = Fault(pod="worker-0", container="", reason="TimedOut", message="nothing moved for 300 s")


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (
            'FailedMount: MountVolume.SetUp failed for volume "config" : configmap "nothing" not found',
            "There is no configmap 'nothing', which the pod refers to.",
        ),
        (
            "FailedScheduling: 0/1 nodes are available: 1 Insufficient memory.",
            "No node takes the pod: 0/1 nodes are available: 1 Insufficient memory.",
        ),
        (
            "Unhealthy: Readiness probe failed: no scheduler",
            "It runs, but does not become ready: Readiness probe failed: no scheduler",
        ),
        (
            (
                'FailedCreate: create Pod a-2 in StatefulSet a failed error: pods "a-2" is forbidden: exceeded quota: q, '
                "requested: pods=1, used: pods=2, limited: pods=2"
            ),
            "The namespace's quota 'q' has no room for another pod.",
        ),
        ("Pulled: Container image is present", "nothing moved for 300 s"),
    ],
)
def test_what_stands_still_is_explained_by_its_events(event: str, sentence: str) -> None:
    assert meaning(TIMED_OUT, None, "", ["Scheduled: assigned to node-1", event])[0] == sentence


def test_of_several_events_the_newest_counts() -> None:
    events = ["FailedScheduling: 0/1 nodes are available", "Unhealthy: Readiness probe failed: x"]

    assert meaning(TIMED_OUT, None, "", events)[0].startswith("It runs, but")


def test_a_quota_is_named_by_the_condition_of_a_deployment() -> None:
    message = (
        'pods "g-55d89899cc-xzb48" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2'
    )
    fault = Fault(pod="", container="", reason="FailedCreate", message=message)

    assert meaning(fault, None, "", [])[0] == "The namespace's quota 'q' has no room for another pod."


def test_a_pod_that_may_not_be_made_is_told_with_the_reason() -> None:
    message = (
        'pods "a-" is forbidden: error looking up service account airflow/nobody: serviceaccount "nobody" not found'
    )
    fault = Fault(pod="", container="", reason="FailedCreate", message=message)

    assert meaning(fault, None, "", [])[0] == (
        'Kubernetes does not let the pod be made: error looking up service account airflow/nobody: serviceaccount "nobody" '
        "not found"
    )


def test_what_nobody_knows_is_told_as_kubernetes_says_it() -> None:
    assert meaning(Fault(pod="", container="", reason="Odd", message=""), None, "", []) == (
        "Kubernetes says Odd, and no more.",
        "",
    )


@pytest.mark.parametrize(
    ("why", "sentence", "hint"),
    [
        ("write /var/lib/containerd/x: no space left on device", "no room", "Free space on the node"),
        ("429 Too Many Requests - toomanyrequests: You have reached your pull rate limit", "limits how often", "Wait"),
        ("unexpected EOF", "cannot be pulled", ""),
    ],
)
def test_the_code_of_a_runtime_is_not_taken_for_an_image_that_is_unknown(why: str, sentence: str, hint: str) -> None:
    said, advice = pull(f'rpc error: code = Unknown desc = failed to pull and unpack image "{REF}": {why}')

    assert sentence in said
    assert hint in advice
    assert "Push it" not in advice


@pytest.mark.parametrize(
    ("reason", "hint"), [("ImportError", "variables, connections"), ("NotServed", "deploy --full")]
)
def test_what_a_dag_processor_says_of_a_version_is_not_taken_for_what_kubernetes_would(reason: str, hint: str) -> None:
    said = 'the dag-processor cannot import a.py: KeyError: secret "x" not found'
    sentence, what_to_do = meaning(Fault(pod="", container="", reason=reason, message=said), None, "", [NO_TAG])

    assert sentence == f"{said}."
    assert hint in what_to_do
