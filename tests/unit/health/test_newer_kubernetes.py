"""Pods as servers from 1.29 to 1.35 send them: what is new in them is read right, and ends no rollout that would do.

Each is checked against the schema of its version first, so that no case is of a field that no server sends.
"""

from typing import Any

import kubernetes_validate
import pytest

from dagship.health import faults, readiness
from dagship.health.readiness import ExpectedPod
from dagship.workloads import status as workload_status
from tests.builders import pods as o

VERSIONS = ("1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35")
RIGHT = ExpectedPod(
    revision="worker-new", images={"worker": o.V2}, ids=frozenset({o.digest(o.V2)}), now=o.NOW, settle=10
)
GONE = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"


def of(version: str, raw: o.Raw) -> o.Raw:
    """The pod, as a server of that version might send it."""
    kubernetes_validate.validate(raw, version, strict=True)
    return raw


def failed(reason: str = "", *, condition: str = "", message: str = "") -> o.Raw:
    raw = o.pod(ready=False, statuses=[], phase="Failed", **({"reason": reason, "message": message} if reason else {}))
    if condition:
        raw["status"]["conditions"].append(
            {"type": "DisruptionTarget", "status": "True", "reason": condition, "message": message}
        )
    return raw


def hopeless(raw: o.Raw, *, after: float = 0.0) -> bool:
    state = workload_status.pod(raw)
    return faults.pod_fault(state, since=faults.seen_since([state], {}, o.NOW - after), now=o.NOW) is not None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "raw",
    [
        failed(condition="DeletionByPodGC", message="PodGC: node no longer exists"),
        failed(condition="DeletionByTaintManager", message="Taint manager: deleting due to NoExecute taint"),
        failed(condition="PreemptionByScheduler", message="default-scheduler: preempting to accommodate another pod"),
        failed(condition="EvictionByEvictionAPI", message="Eviction API: evicting"),
        failed("Evicted", condition="TerminationByKubelet", message="The node was low on resource: memory."),
        failed("Terminated", condition="TerminationByKubelet", message="in response to imminent node shutdown."),
        failed("NodeShutdown", message="Pod was rejected as the node is shutting down."),
        failed("TopologyAffinityError", message="Resources cannot be allocated with Topology locality"),
        failed("SMTAlignmentError", message="SMT Alignment Error: requested 3 cpus not multiple cpus per core = 2"),
        failed("UnexpectedAdmissionError", message="Allocate failed due to no healthy devices present"),
        failed("OutOfcpu", message="Node didn't have enough resource: cpu, requested: 500, used: 1800, capacity: 2000"),
        failed("OutOfephemeral-storage", message="Node didn't have enough resource: ephemeral-storage"),
        failed("OutOfnvidia.com/gpu", message="Node didn't have enough resource: nvidia.com/gpu"),
        failed("NodeAffinity", message=GONE),
        failed("NodePorts", message="Predicate NodePorts failed"),
        failed("TaintToleration", message="Predicate TaintToleration failed"),
        failed("InvalidNodeInfo", message="Kubelet cannot get node info."),
    ],
    ids=lambda raw: raw["status"].get("reason") or raw["status"]["conditions"][-1]["reason"],
)
def test_what_a_node_or_the_scheduler_ended_is_made_again(version: str, raw: o.Raw) -> None:
    assert not hopeless(of(version, raw), after=3600)


@pytest.mark.parametrize(
    "raw",
    [
        failed("DeadlineExceeded"),
        failed("PodOSNotSupported"),
        failed("InitContainerRestartPolicyForbidden"),
        failed("SupplementalGroupsPolicyNotSupported"),
        failed("SysctlForbidden"),
        failed(),
    ],
    ids=lambda raw: raw["status"].get("reason", "none"),
)
def test_what_no_other_node_would_mend_is_hopeless(raw: o.Raw) -> None:
    assert hopeless(of("1.35", raw))


def test_a_disruption_that_was_announced_and_did_not_come_is_no_disruption() -> None:
    raw = failed("DeadlineExceeded")
    raw["status"]["conditions"].append(
        {"type": "DisruptionTarget", "status": "False", "reason": "EvictionByEvictionAPI"}
    )

    assert hopeless(of("1.29", raw))


def waits(reason: str, message: str) -> o.Raw:
    return o.pod(ready=False, phase="Pending", statuses=[o.waiting(reason=reason, message=message)])


RESERVED = (
    'failed to reserve container name "worker_worker-0_airflow_20ced353_0": name '
    '"worker_worker-0_airflow_20ced353_0" is reserved for "1764669bb39acf45"'
)


@pytest.mark.parametrize("reason", ["CreateContainerError", "RunContainerError"])
@pytest.mark.parametrize("message", ["context deadline exceeded", RESERVED, "rpc error: code = Unavailable desc = EOF"])
def test_a_node_that_is_busy_gets_minutes(reason: str, message: str) -> None:
    assert not hopeless(of("1.34", waits(reason, message)), after=299)
    assert hopeless(waits(reason, message), after=300)


@pytest.mark.parametrize("after", [0, 3600])
def test_a_secret_that_the_node_cannot_fetch_now_is_waited_for(after: float) -> None:
    message = 'Get "https://10.96.0.1:443/api/v1/namespaces/a/secrets/fernet": dial tcp: connect: connection refused'

    assert not hopeless(of("1.33", waits("CreateContainerConfigError", message)), after=after)


FROM_REGISTRY = f'failed to pull and unpack image "{o.V2}": failed to resolve reference "{o.V2}": '


@pytest.mark.parametrize(
    "said",
    [
        "unexpected status from HEAD request to https://registry:5000/v2/team/airflow/manifests/x: 503 Service Unavailable",
        "unexpected status code 503: <html><h1>Access denied</h1>The page was not found or is invalid</html>",
        "failed to authorize: failed to fetch anonymous token: unexpected status: 502 Bad Gateway",
        "received unexpected HTTP status: 500 Internal Server Error: unauthorized",
        "toomanyrequests: You have reached your pull rate limit. denied",
        "invalid character '<' looking for beginning of value",
    ],
)
def test_a_registry_that_fails_is_asked_again_whatever_its_page_says(said: str) -> None:
    for reason, before in (
        ("ErrImagePull", ""),
        ("ImagePullBackOff", f'Back-off pulling image "{o.V2}": ErrImagePull: '),
    ):
        raw = of("1.35", waits(reason, before + FROM_REGISTRY + said))
        assert not hopeless(raw, after=59)
        assert hopeless(raw, after=60)


@pytest.mark.parametrize(
    "said",
    [
        "registry:5000/team/airflow: not found",
        "unexpected status from HEAD request to https://registry:5000/v2/team/airflow/manifests/x: 403 Forbidden",
        "pull access denied, repository does not exist or may require authorization",
    ],
)
def test_a_registry_that_says_no_is_believed_at_once(said: str) -> None:
    assert hopeless(of("1.35", waits("ErrImagePull", FROM_REGISTRY + said)))


def with_sidecar(**status: Any) -> o.Raw:
    """A pod with an initContainer that goes on running."""
    sidecar = o.container("proxy", "proxy:1", restartPolicy="Always")
    running = {**o.running("proxy", "proxy:1"), "resources": {}, **status}
    return o.pod(inits=[sidecar], init_statuses=[running])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_native_sidecar_that_runs_is_part_of_a_pod_that_is_right(version: str) -> None:
    assert readiness.pending_reason(workload_status.pod(of(version, with_sidecar())), RIGHT) == ""
    # Nothing probes it: it counts when it has run for long enough.
    young = with_sidecar(state={"running": {"startedAt": o.stamp(o.NOW - 1)}})
    assert readiness.pending_reason(workload_status.pod(of(version, young)), RIGHT) == "worker-0 to have run for 10 s"


def test_a_native_sidecar_that_crashes_is_told_by_its_name() -> None:
    crashing = with_sidecar(**o.crashing("proxy", restarts=3) | {"image": "proxy:1"})
    crashing["status"]["conditions"][1]["status"] = "False"
    state = workload_status.pod(of("1.33", crashing))

    assert "proxy: CrashLoopBackOff" in readiness.pending_reason(state, RIGHT)
    assert hopeless(crashing)


def test_a_pod_behind_a_gate_has_no_node_and_is_no_failure() -> None:
    raw = o.unschedulable(message="Scheduling is blocked due to non-empty scheduling gates")
    raw["spec"]["schedulingGates"] = [{"name": "queue.example/admission"}]
    raw["status"]["conditions"][0]["reason"] = "SchedulingGated"
    state = workload_status.pod(of("1.30", raw))

    assert (state.scheduled, state.unscheduled_why) == (
        False,
        "Scheduling is blocked due to non-empty scheduling gates",
    )
    assert not hopeless(raw, after=3600)


@pytest.mark.parametrize("version", ["1.33", "1.34", "1.35"])
def test_a_pod_that_is_resized_in_place_is_as_right_as_before(version: str) -> None:
    raw = o.pod()
    new = [
        {"type": "PodReadyToStartContainers", "status": "True", "observedGeneration": 2},
        {
            "type": "PodResizePending",
            "status": "True",
            "reason": "Deferred",
            "message": "Node didn't have enough memory",
        },
        {"type": "PodResizeInProgress", "status": "True", "reason": "Error", "message": "cannot be resized now"},
    ]
    raw["status"]["conditions"] += new
    raw["status"] |= {"observedGeneration": 2, "hostIPs": [{"ip": "10.0.0.1"}], "podIPs": [{"ip": "10.0.0.2"}]}
    raw["status"]["containerStatuses"][0] |= {
        "allocatedResources": {"cpu": "1", "memory": "1Gi"},
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}},
        "user": {"linux": {"gid": 0, "uid": 50000, "supplementalGroups": [0]}},
        "volumeMounts": [{"name": "dags", "mountPath": "/dags", "readOnly": True, "recursiveReadOnly": "Disabled"}],
        "allocatedResourcesStatus": [],
    }
    if version == "1.33":
        raw["status"]["resize"] = ""

    assert readiness.pending_reason(workload_status.pod(of(version, raw)), RIGHT) == ""


def test_a_deployment_that_counts_its_ending_pods_is_read_as_before() -> None:
    made = o.deployment(terminatingReplicas=1)
    kubernetes_validate.validate(made, "1.35", strict=True)

    assert workload_status.workload(made, [o.replica_set()]).replicas == 2
