"""What the cluster tests share: a real Kubernetes, a namespace of its own for each test, and a kubectl."""

import io
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dagship.cluster import connection
from dagship.cluster.api import Cluster
from dagship.terminal.console import Console
from tests.builders.airflow import Object
from tests.cluster.gateways import edited, token_for
from tests.cluster.kubectl import Kubectl
from tests.cluster.proxies import Proxy
from tests.cluster.rig import Rig
from tests.machine import ROOT

Helm = Callable[..., subprocess.CompletedProcess[str]]

_RBAC = ROOT / "k8s" / "rbac"
_ACCOUNT = "dagship-deployer"
TESTBED = Path("/run/dagship/cluster/kubeconfig")
_BUILT = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "dagship/kubernetes-1.20.2/kubectl"


@pytest.fixture(scope="session")
def kubeconfig() -> Path:
    """How the cluster is reached, as an administrator."""
    path = Path(os.environ.get("DAGSHIP_TEST_KUBECONFIG") or TESTBED)
    if not path.is_file():
        pytest.fail(
            f"No cluster: there is no kubeconfig at {path}. Run script/cluster up, or name one in DAGSHIP_TEST_KUBECONFIG.",
            pytrace=False,
        )
    return path


def namespace(kubeconfig: Path) -> Kubectl:
    """Makes a namespace; whoever asks for it deletes it."""
    program = str(_BUILT) if _BUILT.exists() else shutil.which("kubectl")
    assert program, "kubectl is not there"
    made = Kubectl(program, str(kubeconfig), f"test-{secrets.token_hex(4)}")
    made.make_namespace()
    return made


@pytest.fixture
def kubectl(kubeconfig: Path) -> Iterator[Kubectl]:
    """A kubectl in a namespace that is gone after the test."""
    made = namespace(kubeconfig)
    yield made
    made.delete_namespace()


@pytest.fixture(scope="session")
def helm_program() -> str:
    """A Helm 4."""
    finished = subprocess.run([ROOT / "script" / "helm"], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


@pytest.fixture
def helm(helm_program: str, kubectl: Kubectl) -> Helm:
    """Helm in the namespace of the test."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        where = [f"--kubeconfig={kubectl.kubeconfig}", f"--namespace={kubectl.namespace}"]
        return subprocess.run([helm_program, *arguments, *where], capture_output=True, text=True)

    return run


@pytest.fixture
def connect(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Cluster]:
    """Connects to a namespace, by another kubeconfig if one is given."""

    def to(namespace: str, by: Path = kubeconfig) -> Cluster:
        monkeypatch.setenv("KUBECONFIG", str(by))
        return connection.connect(context="", namespace=namespace)

    return to


@pytest.fixture
def cluster(connect: Callable[..., Cluster], kubectl: Kubectl) -> Iterator[Cluster]:
    """The namespace of the test, through the gateway."""
    made = connect(kubectl.namespace)
    yield made
    made.close()


@pytest.fixture
def output() -> io.StringIO:
    """What people would read."""
    return io.StringIO()


@pytest.fixture
def console(output: io.StringIO) -> Console:
    return Console(stderr=output)


@pytest.fixture
def rig(kubectl: Kubectl, cluster: Cluster, console: Console, output: io.StringIO, tmp_path: Path) -> Rig:
    """The namespace of the test, for an Airflow that is rolled out."""
    return Rig(kubectl=kubectl, cluster=cluster, console=console, output=output, scratch=tmp_path)


@pytest.fixture
def proxy(kubeconfig: Path, kubectl: Kubectl) -> Iterator[Proxy]:
    """A network that can fail."""
    with Proxy(kubeconfig, namespace=kubectl.namespace) as proxy:
        yield proxy


@pytest.fixture
def through(proxy: Proxy, connect: Callable[..., Cluster]) -> Iterator[Cluster]:
    """The cluster by way of the proxy."""
    cluster = connect("", by=proxy.kubeconfig)
    yield cluster
    cluster.close()


@pytest.fixture
def role(kubectl: Kubectl) -> Object:
    """The Role of k8s/rbac, bound to its account in the namespace of the test."""
    for name in ("serviceaccount", "role", "rolebinding"):
        manifest = (_RBAC / f"{name}.yaml").read_text("utf-8")
        kubectl("create", "-f", "-", input=manifest.replace("namespace: airflow", f"namespace: {kubectl.namespace}"))
    found: Object = kubectl.get(f"role/{_ACCOUNT}")
    return found


@pytest.fixture
def least(rig: Rig, role: Object, kubeconfig: Path, connect: Callable[..., Cluster], tmp_path: Path) -> Iterator[Rig]:
    """The rig as that account sees it."""
    login = edited(kubeconfig, tmp_path, user={"token": token_for(rig.kubectl, _ACCOUNT)})
    cluster = connect(rig.kubectl.namespace, login)
    yield replace(rig, cluster=cluster)
    cluster.close()
