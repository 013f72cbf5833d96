"""What keeps a rollout from beginning: permissions, owners, versions, architectures, and a cluster that cannot be had.

Each is refused with one sentence and an exit status of its own, and leaves everything as it was.
"""

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest
import yaml

from dagship.cluster.api import Cluster
from dagship.cluster.failures import Unreachable
from dagship.model.artifacts import PushedImage
from dagship.rollout.preflight.permissions import NEEDED, missing
from dagship.workspace import Workspace
from tests.builders.airflow import Object, container, cron_job, deployment, pod, stateful_set
from tests.cluster import images
from tests.cluster.conftest import Helm
from tests.cluster.gateways import edited, token_of
from tests.cluster.killer import Job, run
from tests.cluster.kubectl import Kubectl
from tests.cluster.rig import Rig
from tests.machine import ROOT

OLD, NEW = "guards-old", "guards-new"


def idle(name: str = "scheduler", **metadata: Any) -> Object:
    """A Deployment without a pod."""
    made = deployment(name, pod(container(name, images.image(OLD), name), name=name), replicas=0)
    made["metadata"].update(metadata)
    return made


def pushed(rig: Rig, image: str, **more: Any) -> None:
    """Writes down what `push` would."""
    reference, _, digest = image.partition("@")
    known = {"dag_version": "", "tested": True, "airflow": "3.3.2", "platforms": ("linux/amd64",)}
    Workspace(rig.scratch).write("push", PushedImage(reference=f"{reference}:1", digest=digest, **(known | more)))


def test_the_role_of_k8s_rbac_is_enough_for_all_that_a_rollout_does(rig: Rig, least: Rig) -> None:
    old, new, bad = images.image(OLD), images.image(NEW), images.image(NEW, "crashes")
    template = {"kind": "Pod", "spec": {"containers": [{"name": "base", "image": old}]}}
    scheduler = idle()
    scheduler["spec"]["replicas"] = 1
    scheduler["spec"]["template"]["spec"]["volumes"] = [{"name": "template", "configMap": {"name": "pod-template"}}]
    rig.start(
        stateful_set("worker", pod(container("worker", old, "celery", "worker"), name="worker")),
        scheduler,
        cron_job("cleanup", pod(container("cleanup", old, probe=False), name="cleanup")),
        {
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "pod-template"},
            "data": {"pod_template_file.yaml": yaml.safe_dump(template)},
        },
    )  # fmt: skip
    before = rig.written()
    pushed(rig, new)

    came = {
        " ".join(said): least.command(*said)
        for said in (
            ["rollout", "--dry-run"], ["rollout"], ["status"], ["rollout", f"--image={bad}", "--no-undo"],
            ["rollout", "--undo"], ["rollback", "--to=0"],
        )
    }  # fmt: skip

    statuses = {task: finished.returncode for task, finished in came.items()}
    assert list(statuses.values()) == [0, 0, 0, 1, 0, 0], {task: one.stderr for task, one in came.items()}
    failed = came[f"rollout --image={bad} --no-undo"].stderr
    assert "No module named 'acme_policies'" in failed
    assert "events:" in failed
    assert "could not be compared" not in came["rollout"].stderr
    assert "could not be asked" not in "".join(one.stderr for one in came.values())
    assert rig.written() == before
    assert set(rig.kubectl.running().values()) == {old}


def test_each_permission_that_is_missing_is_named(least: Rig, role: Object) -> None:
    everything = role["rules"]

    def without(index: int) -> None:
        """Takes one verb on one resource away."""
        left = NEEDED[:index] + NEEDED[index + 1 :]
        role["rules"] = [
            {
                "apiGroups": [one.group], "verbs": [one.verb],
                "resources": [f"{one.resource}/{one.subresource}" if one.subresource else one.resource],
            }
            for one in left
        ]  # fmt: skip
        role["metadata"].pop("resourceVersion", None)
        least.kubectl("replace", "-f", "-", input=json.dumps(role))

    assert everything
    for index, permission in enumerate(NEEDED):
        without(index)
        deadline = time.monotonic() + 10
        while not missing(least.cluster, [permission]):  # who decides learns of it by a watch
            assert time.monotonic() < deadline, permission
        assert missing(least.cluster) == (permission,)


def test_a_missing_permission_ends_a_rollout_before_anything_changes(rig: Rig, least: Rig, role: Object) -> None:
    rig.kubectl.apply(idle())
    before = rig.written()
    for rule in role["rules"]:
        if rule["resources"] == ["pods"]:
            rule["verbs"].remove("delete")
    rig.kubectl("replace", "-f", "-", input=json.dumps(role))
    pushed(rig, images.image(NEW))
    refused = least.command("rollout")

    assert refused.returncode == 2
    assert refused.stderr.endswith(
        f"error: This account may not do all that a rollout needs in the namespace {rig.kubectl.namespace}.\n"
        "Not allowed:\n"
        "  delete pods: to free a StatefulSet from a broken pod, and to move one with OnDelete\n"
        f"  → {ROOT}/k8s/rbac/ holds a Role that suffices, and its README.md says how it is bound.\n"
    )
    assert rig.written() == before
    assert rig.kubectl("get", "configmap/dagship", "lease/dagship", "--ignore-not-found") == ""


@pytest.mark.sampled
@pytest.mark.parametrize("allow", [False, True])
def test_another_version_of_airflow_is_refused_unless_it_is_allowed(rig: Rig, allow: bool) -> None:
    running, new = images.image("guards-2.11.2", airflow="2.11.2"), images.image(NEW)
    rig.start(stateful_set("worker", pod(container("worker", running, "celery", "worker"), name="worker")))
    before = rig.written()
    pushed(rig, new)
    finished = rig.command("rollout", *(["--allow-airflow-change"] if allow else []))

    assert "Airflow 2.11.2 runs, and the image has 3.3.2." in finished.stderr
    assert finished.returncode == (0 if allow else 1)
    assert (rig.written() == before) is not allow
    assert [one.airflow for one in rig.record.releases] == (["", "3.3.2"] if allow else [])


@pytest.mark.parametrize("platforms", [("linux/arm64",), ("linux/arm64", "linux/amd64")])
def test_an_image_for_other_machines_is_refused_unless_it_is_for_these_as_well(
    rig: Rig, platforms: tuple[str, ...]
) -> None:
    rig.kubectl.apply(idle())
    before = rig.written()
    pushed(rig, images.image(NEW), platforms=platforms)
    finished = rig.command("rollout")

    fits = "linux/amd64" in platforms
    said = "error: The image is for linux/arm64, and the nodes are linux/amd64.\n  → Build it for the nodes: build --platform.\n"
    assert finished.returncode == (0 if fits else 1)
    assert finished.stderr.endswith(said) is not fits
    assert (rig.written() == before) is not fits


@pytest.fixture
def chart(tmp_path: Path) -> str:
    """A chart with the labels and values of Airflow's own."""
    image = "{{ .Values.images.airflow.repository }}@{{ .Values.images.airflow.digest }}"
    scheduler = idle(labels={"tier": "airflow", "component": "scheduler"})
    scheduler["spec"]["template"]["spec"]["containers"][0]["image"] = image
    repository, _, digest = images.image(OLD).partition("@")
    (tmp_path / "chart/templates").mkdir(parents=True)
    for name, document in {
        "Chart.yaml": {"apiVersion": "v2", "name": "airflow", "version": "1.0.0"},
        "values.yaml": {"images": {"airflow": {"repository": repository, "digest": digest}}},
        "templates/scheduler.yaml": scheduler,
    }.items():
        (tmp_path / "chart" / name).write_text(yaml.safe_dump(document), "utf-8")
    return str(tmp_path / "chart")


def test_what_helm_4_owns_is_refused_with_the_edit_and_moved_by_force(rig: Rig, helm: Helm, chart: str) -> None:
    new = images.image(NEW)
    assert helm("install", "prod", chart, "--server-side=true").returncode == 0
    before = rig.written()
    pushed(rig, new)
    refused = rig.command("rollout")

    repository, _, digest = new.partition("@")
    assert refused.returncode == 1
    assert "error: the image of deployment/scheduler belongs to helm (Apply). " in refused.stderr
    assert f"--set images.airflow.repository={repository},images.airflow.digest={digest}" in refused.stderr
    assert refused.stderr.endswith("--force-ownership rolls out all the same.\n")
    assert rig.written() == before
    forced = rig.command("rollout", "--force-ownership")
    assert forced.returncode == 0, forced.stderr
    assert "warning: the image of deployment/scheduler belongs to helm (Apply). " in forced.stderr
    assert rig.kubectl.images() == {"deployment/scheduler": {new}}


def test_what_helm_has_as_before_version_4_moves_with_a_warning(rig: Rig, helm: Helm, chart: str) -> None:
    new = images.image(NEW)
    assert helm("install", "prod", chart, "--server-side=false").returncode == 0
    pushed(rig, new)
    moved = rig.command("rollout")

    assert moved.returncode == 0, moved.stderr
    assert "The next helm upgrade of prod puts the image of its values back." in moved.stderr
    assert rig.kubectl.images() == {"deployment/scheduler": {new}}


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("manager", "metadata", "tool"),
    [
        ("argocd-controller", {"labels": {"app.kubernetes.io/instance": "prod"}}, "Argo CD"),
        ("kustomize-controller", {"labels": {"kustomize.toolkit.fluxcd.io/name": "prod"}}, "Flux (Kustomization prod)"),
        ("helm-controller", {"labels": {"helm.toolkit.fluxcd.io/name": "prod"}}, "Flux (HelmRelease prod)"),
        ("somebody", {}, "somebody owns the image"),
    ],
)
def test_what_argo_cd_or_flux_apply_is_refused_and_moved_by_force(
    rig: Rig, manager: str, metadata: Object, tool: str
) -> None:
    new = images.image(NEW)
    rig.kubectl("apply", "--server-side", f"--field-manager={manager}", "-f", "-", input=json.dumps(idle(**metadata)))
    before = rig.written()
    pushed(rig, new)
    refused = rig.command("rollout")

    assert refused.returncode == 1
    assert f"error: the image of deployment/scheduler belongs to {manager} (Apply). {tool}" in refused.stderr
    assert "  → Change the image in the " in refused.stderr
    assert rig.written() == before
    assert rig.command("rollout", "--force-ownership").returncode == 0
    assert rig.kubectl.images() == {"deployment/scheduler": {new}}


def test_what_was_taken_by_force_can_be_given_back_without(rig: Rig, kubeconfig: Path) -> None:
    """Killed halfway: of the owner's images one is taken, and the other not yet."""
    tracked = {"labels": {"kustomize.toolkit.fluxcd.io/name": "prod"}}
    for name in ("scheduler", "triggerer"):
        rig.kubectl(
            "apply",
            "--server-side",
            "--field-manager=kustomize-controller",
            "-f",
            "-",
            input=json.dumps(idle(name, **tracked)),
        )
    before = rig.written()
    (died,) = run(
        Job(
            namespace=rig.kubectl.namespace, image=images.image(NEW), at="patch Deployment/scheduler", lease=3.0,
            force_ownership=True,
        ),
        kubeconfig=str(kubeconfig),
    )  # fmt: skip
    assert died.killed
    undone = rig.command("rollout", "--undo")

    assert undone.returncode == 0, undone.stderr
    assert rig.written() == before


@pytest.fixture
def deaf() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"https://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def unusable(kubeconfig: Path, kubectl: Kubectl, tmp_path: Path, deaf: str) -> Callable[[str], Path]:
    """Makes a kubeconfig that is of no use, each in its own way."""

    def make(how: str) -> Path:
        cluster: Object = {}
        user = None
        match how:
            case "is not there":
                return tmp_path / "none"
            case "is of a server that is away":
                cluster = {"server": "https://127.0.0.1:1"}
            case "is of a server that nobody knows":
                cluster = {"server": "https://cluster.invalid"}
            case "is of a server that is deaf":
                cluster = {"server": deaf}
            case "trusts another authority":
                cluster = {"certificate-authority-data": None, "certificate-authority": certifi.where()}
            case "has a login that is over":
                user = {"token": token_of(kubectl, "leaver")}
                kubectl("delete", "serviceaccount", "leaver")
        return edited(kubeconfig, tmp_path, cluster=cluster, user=user)

    return make


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("how", "flags", "status", "said", "hint"),
    [
        ("is not there", (), 2, "There is no kubeconfig at ", "Name one in KUBECONFIG"),
        ("has no such context", ("--context=other",), 2, "The kubeconfig has no context 'other'. It has: ", "Name one"),
        ("is of a server that is away", (), 3, "it refuses the connection.", "See that the server "),
        ("is of a server that nobody knows", (), 3, "its name is not known.", "See that the server "),
        ("is of a server that is deaf", (), 3, "it does not answer in time.", "See that the server "),
        ("trusts another authority", (), 3, " is not trusted. ", "Give the cluster's authority in the kubeconfig "),
        ("has a login that is over", (), 3, " does not accept this login. ", "Log in to the cluster again"),
    ],
)
def test_a_kubeconfig_that_is_of_no_use_is_told_in_one_sentence_and_soon(
    rig: Rig, unusable: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch,
    *, how: str, flags: tuple[str, ...], status: int, said: str, hint: str,
) -> None:  # fmt: skip
    pushed(rig, images.image(NEW))
    monkeypatch.setenv("KUBECONFIG", str(unusable(how)))
    began = time.monotonic()
    refused = rig.command("rollout", *flags)

    assert time.monotonic() - began < 25  # 12 on a machine with nothing else to do
    assert refused.returncode == status
    error, advice = refused.stderr.splitlines()[-2:]
    assert error.startswith("error: ")
    assert said in error
    assert advice.startswith(f"  → {hint}")
    assert "Traceback" not in refused.stderr


def test_a_proxy_that_is_dead_is_named_and_not_the_server(
    kubectl: Kubectl, connect: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with socket.socket() as silent:  # bound, and nobody listens
        silent.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:hush@{where}")
        cluster = connect(kubectl.namespace).patient(0.1)
        for ask in (lambda: cluster.list("Pod"), lambda: cluster.exec("x", "y", ["true"])):
            with pytest.raises(Unreachable) as failed:
                ask()
            assert f"through the proxy http://{where}, and the proxy refuses the connection" in failed.value.message
            assert "HTTPS_PROXY" in failed.value.hint
            assert "hush" not in failed.value.message
