"""The account of k8s/rbac on a real API server, made as its README says."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dagship.cluster.api import Cluster
from dagship.cluster.failures import Forbidden
from dagship.record.lease import Lease
from dagship.rollout.preflight.permissions import BY_REST, NEEDED, missing
from tests.cluster.kubectl import Kubectl
from tests.machine import ROOT

RBAC = ROOT / "k8s" / "rbac"


@pytest.fixture
def shell(kubectl: Kubectl, tmp_path: Path) -> Callable[..., str]:
    """Runs steps of the README in a copy of the repository's k8s/, for the test's namespace."""
    steps = re.findall(r"```sh\n(.*?)```", (RBAC / "README.md").read_text("utf-8"), re.DOTALL)
    assert len(steps) == 4
    steps[0] = steps[0].replace("namespace=airflow\n", f"namespace={kubectl.namespace}\n")
    shutil.copytree(RBAC, tmp_path / "k8s/rbac")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/kubectl").symlink_to(kubectl.program)
    environment = {**os.environ, "KUBECONFIG": kubectl.kubeconfig, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}

    def run(*numbers: int, also: str = "") -> str:
        script = "".join(steps[number] for number in numbers) + also
        finished = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    return run


@pytest.fixture
def deployer(shell: Callable[..., str], connect: Callable[..., Cluster], kubectl: Kubectl, tmp_path: Path) -> Cluster:
    """The namespace as the account of k8s/rbac sees it, by a token in a Secret: every server has that."""
    shell(0, also="manifests k8s/rbac/optional/token.yaml | kubectl apply -f -")
    deadline = time.monotonic() + 20
    while "token" not in kubectl.get("secret/dagship-deployer-token").get("data", {}):
        assert time.monotonic() < deadline, "nobody made a token"
        time.sleep(0.1)
    assert shell(0, 2, 3).endswith("yes\n")
    return connect("", tmp_path / "deployer.kubeconfig")


def test_the_role_is_all_that_is_asked_for(deployer: Cluster, kubectl: Kubectl) -> None:
    assert deployer.namespace == kubectl.namespace
    assert missing(deployer) == ()


def test_the_role_for_who_asks_airflows_api_takes_the_right_to_run_commands_away(
    deployer: Cluster, shell: Callable[..., str]
) -> None:
    shell(0, also="manifests k8s/rbac/rest/role.yaml | kubectl apply -f -")
    deadline = time.monotonic() + 20
    while not missing(deployer):  # who decides learns of it by a watch
        assert time.monotonic() < deadline, "nothing was taken away"
        time.sleep(0.1)

    assert {str(one) for one in missing(deployer)} == {"get pods/exec", "create pods/exec"}
    assert missing(deployer, BY_REST) == ()


def test_the_role_is_for_one_namespace_and_no_secrets(
    deployer: Cluster, connect: Callable[..., Cluster], tmp_path: Path
) -> None:
    elsewhere = connect("default", tmp_path / "deployer.kubeconfig")

    assert missing(elsewhere) == NEEDED
    assert not any(deployer.can(verb, "secrets") for verb in ("get", "list", "create"))
    assert not deployer.can("create", "pods")
    with pytest.raises(Forbidden, match="statefulsets"):
        elsewhere.list("StatefulSet")


def test_the_role_is_enough_for_the_lease(deployer: Cluster) -> None:
    with Lease(deployer, holder="ci 1") as lease:
        lease.acquire(wait=False, say=pytest.fail)
        lease.check()

        assert deployer.get("Lease", "dagship")["spec"]["holderIdentity"].startswith("ci 1#")
    assert deployer.get("Lease", "dagship")["spec"]["holderIdentity"] == ""


def test_nodes_can_be_seen_with_the_optional_role_alone(deployer: Cluster, kubectl: Kubectl, tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        deployer.list("Node")
    manifest = (tmp_path / "k8s/rbac/optional/nodes.yaml").read_text("utf-8")
    # Cluster-wide objects of the test's own.
    manifest = manifest.replace("dagship-nodes", f"dagship-nodes-{kubectl.namespace}")
    manifest = manifest.replace("namespace: airflow", f"namespace: {kubectl.namespace}")
    try:
        kubectl("apply", "-f", "-", input=manifest)

        assert deployer.can("list", "nodes")
    finally:
        kubectl("delete", "-f", "-", input=manifest)
