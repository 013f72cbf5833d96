"""script/cluster: its Kubernetes does what a real one does, and the machine is given back as it was."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.machine import ROOT

from .conftest import TESTBED

CLUSTER = ROOT / "script" / "cluster"
REGISTRY = os.environ.get("DAGSHIP_TEST_REGISTRY", "127.0.0.1:5000")
# The image that holds a pod's network is a busybox: it serves as everybody else's too.
IMAGE = f"{REGISTRY}/dagship/pause:1"

pytestmark = pytest.mark.skipif(
    os.environ.get("DAGSHIP_TEST_KUBECONFIG", str(TESTBED)) != str(TESTBED), reason="another cluster is used"
)

PODS = f"""
apiVersion: v1
kind: Service
metadata: {{name: headless}}
spec: {{clusterIP: None, selector: {{app: web}}, ports: [{{port: 80}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: balanced}}
spec: {{selector: {{app: web}}, ports: [{{port: 80}}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: web}}
spec:
  serviceName: headless
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: web
        image: {IMAGE}
        command: [/busybox, sh, -c, "echo serving; cd /etc; exec /busybox httpd -f"]
        readinessProbe: {{httpGet: {{port: 80, path: /hostname}}, periodSeconds: 1}}
---
apiVersion: v1
kind: Pod
metadata: {{name: missing}}
spec: {{containers: [{{name: missing, image: "{REGISTRY}/dagship/pause:none"}}]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: reader}}
rules: [{{apiGroups: [""], resources: [pods], verbs: [list]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: reader}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}}
subjects: [{{kind: ServiceAccount, name: default}}]
"""

Kubectl = Callable[..., str]


def script(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DAGSHIP_TEST_KUBECONFIG"}
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def program() -> Path:
    """The kubectl that belongs to the testbed."""
    return Path(script(ROOT / "script" / "kubernetes").stdout.strip()) / "kubectl"


@pytest.fixture(scope="module")
def command(kubeconfig: Path, program: Path) -> list[str | Path]:
    """Kubectl in a namespace of these tests."""
    namespace = f"testbed-{uuid4().hex[:8]}"
    return [program, f"--kubeconfig={kubeconfig}", f"--namespace={namespace}", "--request-timeout=60s"]


@pytest.fixture(scope="module")
def kubectl(command: list[str | Path]) -> Iterator[Kubectl]:
    """Runs kubectl where a StatefulSet is ready, and returns what it says."""

    def run(*arguments: str, document: str = "") -> str:
        finished = subprocess.run([*command, *arguments], input=document, capture_output=True, text=True, check=False)
        return finished.stdout if finished.returncode == 0 else finished.stdout + finished.stderr

    namespace = str(command[2]).partition("=")[2]
    run("create", "namespace", namespace)
    try:
        run("apply", "-f", "-", document=PODS)
        assert "complete" in run("rollout", "status", "statefulset/web", "--timeout=60s")
        yield run
    finally:
        run("delete", "namespace", namespace, "--wait=false")


def test_up_on_a_cluster_that_runs_starts_nothing(kubeconfig: Path):
    before = kubeconfig.read_text()
    began = time.monotonic()
    finished = script(CLUSTER, "up")

    assert finished.returncode == 0, finished.stderr
    assert "starting" not in finished.stderr
    assert str(kubeconfig) in finished.stderr
    assert time.monotonic() - began < 10
    assert kubeconfig.read_text() == before


def test_status_counts_every_part(kubeconfig: Path):
    finished = script(CLUSTER, "status")

    assert finished.returncode == 0
    assert "does not" not in finished.stderr
    assert finished.stderr.count("runs (pid") == 9


def test_a_pod_has_a_name_below_its_headless_service(kubectl: Kubectl):
    address = kubectl("get", "pod", "web-0", "-o", "jsonpath={.status.podIP}")
    resolved = kubectl("exec", "web-0", "--", "/busybox", "nslookup", "web-0.headless." + _namespace(kubectl))

    assert f"Address: {address}\n" in resolved


def _namespace(kubectl: Kubectl) -> str:
    return kubectl("get", "pod", "web-0", "-o", "jsonpath={.metadata.namespace}") + ".svc.cluster.local"


def test_a_service_is_reached_from_a_pod_and_from_the_machine(kubectl: Kubectl):
    address = kubectl("get", "service", "balanced", "-o", "jsonpath={.spec.clusterIP}")
    fetched = kubectl("exec", "web-0", "--", "/busybox", "wget", "-qO-", "http://balanced/hostname")
    here = subprocess.run(
        ["bash", "-c", f"exec 3<>/dev/tcp/{address}/80; printf 'GET /hostname HTTP/1.0\r\n\r\n' >&3; cat <&3"],
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    )

    assert fetched == "web-0\n"
    assert here.stdout.endswith("\n\nweb-0\n")


def test_logs_are_read(kubectl: Kubectl):
    assert kubectl("logs", "web-0") == "serving\n"


def test_a_pod_that_was_deleted_comes_back_under_its_name_with_another_address(kubectl: Kubectl):
    before = kubectl("get", "pod", "web-0", "-o", "jsonpath={.status.podIP}")
    kubectl("delete", "pod", "web-0")
    assert "met" in kubectl("wait", "--for=condition=Ready", "pod/web-0", "--timeout=60s")
    after = kubectl("get", "pod", "web-0", "-o", "jsonpath={.status.podIP}")
    resolved = kubectl("exec", "web-0", "--", "/busybox", "nslookup", "web-0.headless." + _namespace(kubectl))

    assert before != after
    assert f"Address: {after}\n" in resolved
    assert f"Address: {before}\n" not in resolved


def test_a_tag_that_the_registry_lacks_shows_in_the_pod(kubectl: Kubectl, command: list[str | Path]):
    reason = '{.status.containerStatuses[0].state.waiting.reason}{"\\n"}'
    watch = [*command, "get", "pod", "missing", "--watch", "-o", f"jsonpath={reason}"]
    with subprocess.Popen(watch, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout
        seen = next((line for line in watching.stdout if "Image" in line), "")
        watching.kill()

    assert seen.strip() in {"ErrImagePull", "ImagePullBackOff"}


def test_a_service_account_may_do_what_its_role_says(kubectl: Kubectl):
    token = kubectl("exec", "web-0", "--", "/busybox", "cat", "/var/run/secrets/kubernetes.io/serviceaccount/token")

    assert "web-0" in kubectl(f"--token={token}", "get", "pods")
    assert "Forbidden" in kubectl(f"--token={token}", "get", "secrets")


def test_nothing_leaves_the_machine(kubectl: Kubectl):
    routed = subprocess.run(["ip", "-json", "route", "get", "10.96.0.255"], capture_output=True, text=True, check=True)
    outside = kubectl("exec", "web-0", "--", "/busybox", "nc", "-w", "5", "192.0.2.1", "80")

    assert json.loads(routed.stdout)[0]["dev"] == "dagship0"
    assert "refused" in outside.lower()
