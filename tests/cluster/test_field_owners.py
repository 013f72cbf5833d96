"""Other owners of the image field on a real API server, and a real Helm 4.

Argo CD and Flux are not there: what stands for them is server-side apply with the names of their field managers, which
is what they do, and the marks that they leave on objects. That they come back every few minutes is theirs to do.
"""

import shlex
from pathlib import Path

import pytest
import yaml

from dagship.cluster.api import Cluster
from dagship.rollout.preflight.field_owners import Owner, owners
from tests.builders.airflow import Object, container, cron_job, pod, stateful_set
from tests.cluster.conftest import Helm
from tests.cluster.kubectl import Kubectl

OLD, NEW, NEWER = (f"example.test/airflow@sha256:{digit * 64}" for digit in "abc")
OURS = ("worker", "wait-for-airflow-migrations")


def worker(image: str) -> Object:
    """A worker that needs no node: nothing of it runs."""
    template = pod(
        container("worker", image), container("statsd", "example.test/statsd:1"), name="airflow-worker",
        initContainers=[container("wait-for-airflow-migrations", image, probe=False)],
    )  # fmt: skip
    return stateful_set("airflow-worker", template, replicas=0, labels={"tier": "airflow", "component": "worker"})


@pytest.fixture
def chart(tmp_path: Path) -> str:
    """A chart with the labels and the values of Airflow's own."""
    image = "{{ .Values.images.airflow.repository }}@{{ .Values.images.airflow.digest }}"
    cleanup = cron_job("airflow-cleanup", pod(container("airflow-cleanup-pods", image, probe=False), name="cleanup"))
    cleanup["apiVersion"] = (
        '{{ if .Capabilities.APIVersions.Has "batch/v1/CronJob" }}batch/v1{{ else }}batch/v1beta1{{ end }}'
    )
    config = {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "airflow-config"},
        "data": {"pod_template_file.yaml": f"{{kind: Pod, spec: {{containers: [{{name: base, image: '{image}'}}]}}}}"},
    }  # fmt: skip
    repository, _, digest = OLD.partition("@")
    (tmp_path / "templates").mkdir()
    for name, document in {
        "Chart.yaml": {"apiVersion": "v2", "name": "airflow", "version": "1.0.0"},
        "values.yaml": {"images": {"airflow": {"repository": repository, "digest": digest}}},
        "templates/worker.yaml": worker(image),
        "templates/cleanup.yaml": cleanup,
        "templates/config.yaml": config,
    }.items():
        (tmp_path / name).write_text(yaml.safe_dump(document), "utf-8")
    return str(tmp_path)


def of_worker(cluster: Cluster, image: str = NEW) -> tuple[Owner, ...]:
    repository, _, digest = image.partition("@")
    return owners(cluster.get("StatefulSet", "airflow-worker"), OURS, repository=repository, digest=digest)


def told(found: tuple[Owner, ...]) -> list[tuple[str, str, bool]]:
    return [(owner.tool, owner.operation, owner.refuse) for owner in found]


def move(cluster: Cluster, image: str) -> None:
    """What a rollout does."""
    spec = {
        "containers": [{"name": "worker", "image": image}],
        "initContainers": [{"name": "wait-for-airflow-migrations", "image": image}],
    }
    cluster.patch("StatefulSet", "airflow-worker", {"spec": {"template": {"spec": spec}}})


def image_of(cluster: Cluster) -> str:
    images = {
        one["image"]
        for group in ("containers", "initContainers")
        for one in cluster.get("StatefulSet", "airflow-worker")["spec"]["template"]["spec"][group]
        if one["name"] in OURS
    }
    (image,) = images
    return image


def test_helm_4_owns_every_kind_of_object_by_server_side_apply(cluster: Cluster, helm: Helm, chart: str) -> None:
    assert helm("install", "prod", chart, "--server-side=true").returncode == 0

    for kind, name, containers in (
        ("StatefulSet", "airflow-worker", OURS),
        ("CronJob", "airflow-cleanup", ("airflow-cleanup-pods",)),
        ("ConfigMap", "airflow-config", ("pod_template_file.yaml",)),
    ):
        (owner,) = owners(cluster.get(kind, name), containers)
        assert (owner.tool, owner.manager, owner.operation, owner.refuse) == ("helm", "helm", "Apply", True), kind
        assert "prod" in owner.why


def test_the_edit_that_is_named_moves_the_image(cluster: Cluster, helm: Helm, chart: str) -> None:
    assert helm("install", "prod", chart, "--server-side=true").returncode == 0
    (owner,) = of_worker(cluster)
    command = shlex.split(owner.edit.partition("(")[2].removesuffix(").").replace("CHART", chart))
    finished = helm(*command[1:])

    assert finished.returncode == 0, finished.stderr
    assert image_of(cluster) == NEW


def test_a_change_of_ours_makes_the_next_helm_upgrade_fail_until_its_values_say_the_same(
    cluster: Cluster, helm: Helm, chart: str
) -> None:
    """Why Helm 4 is refused, and what helps after --force-ownership."""
    assert helm("install", "prod", chart, "--server-side=true").returncode == 0
    move(cluster, NEW)
    after_move = of_worker(cluster)
    refused = helm("upgrade", "prod", chart, "--reuse-values")
    digest = f"images.airflow.digest={NEW.partition('@')[2]}"
    same = helm("upgrade", "prod", chart, "--reuse-values", "--set", digest)

    assert told(after_move) == [("helm", "", False)]
    assert "fails with a conflict, unless its values have the same image" in after_move[0].why
    assert refused.returncode != 0
    assert 'conflicts with "dagship"' in refused.stderr
    assert same.returncode == 0, same.stderr
    assert image_of(cluster) == NEW
    assert told(of_worker(cluster)) == [("helm", "Apply", True)]


def test_helm_4_takes_the_field_back_when_it_is_forced(cluster: Cluster, helm: Helm, chart: str) -> None:
    assert helm("install", "prod", chart, "--server-side=true").returncode == 0
    move(cluster, NEW)
    forced = helm("upgrade", "prod", chart, "--reuse-values", "--force-conflicts")

    assert forced.returncode == 0, forced.stderr
    assert image_of(cluster) == OLD


def test_helm_that_does_not_apply_on_the_server_is_no_reason_to_refuse_and_puts_its_image_back(
    cluster: Cluster, helm: Helm, chart: str
) -> None:
    """As every Helm 3 does, and Helm 4 for what Helm 3 installed."""
    assert helm("install", "prod", chart, "--server-side=false").returncode == 0
    before = of_worker(cluster)
    move(cluster, NEW)
    after = of_worker(cluster)
    assert helm("upgrade", "prod", chart, "--reuse-values").returncode == 0

    assert told(before) == [("helm", "Update", False)]
    assert told(after) == [("helm", "", False)]
    assert before[0].why == after[0].why == "The next helm upgrade of prod puts the image of its values back."
    assert image_of(cluster) == OLD


@pytest.mark.parametrize(
    ("manager", "tool"),
    [
        ("argocd-controller", "argocd"),
        ("kustomize-controller", "flux"),
        ("helm-controller", "flux"),
        ("kubectl", "other"),
    ],
)
def test_who_applies_on_the_server_is_refused_and_takes_a_forced_change_back(
    cluster: Cluster, kubectl: Kubectl, manager: str, tool: str
) -> None:
    def apply() -> None:
        arguments = ("--server-side", "--force-conflicts", f"--field-manager={manager}", "-f", "-")
        kubectl("apply", *arguments, input=yaml.safe_dump(worker(OLD)))

    apply()
    before = of_worker(cluster)
    move(cluster, NEW)
    moved = image_of(cluster)
    apply()

    assert told(before) == [(tool, "Apply", True)]
    assert before[0].manager == manager
    assert (moved, image_of(cluster)) == (NEW, OLD)
    assert told(of_worker(cluster)) == told(before)


@pytest.mark.parametrize(
    ("tool", "marks"),
    [
        ("argocd", {"annotations": {"argocd.argoproj.io/tracking-id": "airflow:apps/StatefulSet:{namespace}/airflow-worker"}}),
        ("flux", {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}}),
        ("flux", {"labels": {"helm.toolkit.fluxcd.io/name": "airflow", "helm.toolkit.fluxcd.io/namespace": "airflow"}}),
    ],
)  # fmt: skip
def test_who_left_a_mark_is_refused_also_when_the_field_is_ours_by_now(
    cluster: Cluster, kubectl: Kubectl, tool: str, marks: dict[str, dict[str, str]]
) -> None:
    workload = worker(OLD)
    for field, values in marks.items():
        workload["metadata"][field] = {key: value.format(namespace=kubectl.namespace) for key, value in values.items()}
    kubectl.apply(workload)
    move(cluster, NEW)

    assert told(of_worker(cluster)) == [(tool, "", True)]


def test_kubectl_in_the_client_is_no_owner_to_refuse(cluster: Cluster, kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", input=yaml.safe_dump(worker(OLD)))
    applied = of_worker(cluster)
    kubectl("set", "image", "statefulset/airflow-worker", f"worker={NEWER}", f"wait-for-airflow-migrations={NEWER}")
    written = of_worker(cluster)
    move(cluster, NEW)

    assert [(owner.manager, owner.refuse) for owner in applied] == [("kubectl-client-side-apply", False)]
    assert [(owner.manager, owner.refuse) for owner in written] == [("kubectl-set", False)]
    assert of_worker(cluster) == ()
