"""Who else sets the image, from managedFields as Kubernetes 1.20.2 wrote them for Helm 4.1.4 and kubectl 1.20.2.

Argo CD, Flux and Pulumi were not there: what they do was recorded of `kubectl apply --server-side` with the names of
their field managers. Their labels and annotations are those of their documentation.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from dagship.rollout.preflight.field_owners import owners

RECORDED: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("recorded_owners.json").read_text("utf-8"))
OURS = ("worker", "wait-for-airflow-migrations")
TRACKED = "airflow:apps/StatefulSet:airflow/airflow-worker"


def recorded(name: str, **metadata: Any) -> dict[str, Any]:
    workload = copy.deepcopy(RECORDED[name])
    for field, value in metadata.items():
        workload["metadata"][field] = (
            {**workload["metadata"].get(field, {}), **value} if isinstance(value, dict) else value
        )
    return workload


def seen(workload: dict[str, Any], *containers: str) -> list[tuple[str, str, str, bool]]:
    return [(one.tool, one.manager, one.operation, one.refuse) for one in owners(workload, containers or OURS)]


@pytest.mark.parametrize(
    ("name", "tool", "manager", "operation", "refuse"),
    [
        ("helm-apply", "helm", "helm", "Apply", True),
        ("helm-update", "helm", "helm", "Update", False),
        ("argocd-controller-apply", "argocd", "argocd-controller", "Apply", True),
        ("argocd-controller-update", "argocd", "argocd-controller", "Update", True),
        ("kustomize-controller-apply", "flux", "kustomize-controller", "Apply", True),
        ("helm-controller-apply", "flux", "helm-controller", "Apply", True),
        ("kubectl-apply-server-side", "other", "kubectl", "Apply", True),
        ("pulumi-kubernetes-apply", "other", "pulumi-kubernetes", "Apply", True),
        ("kubectl-client-side-apply", "other", "kubectl-client-side-apply", "Update", False),
    ],
)
def test_whoever_set_the_image_is_named(name: str, tool: str, manager: str, operation: str, refuse: bool) -> None:
    assert seen(recorded(name)) == [(tool, manager, operation, refuse)]


def test_each_container_has_an_owner_of_its_own() -> None:
    """`kubectl set image` took the worker's from `kubectl apply`, and left the initContainer's."""
    workload = recorded("kubectl-set")

    assert seen(workload, "worker") == [("other", "kubectl-set", "Update", False)]
    assert seen(workload, "wait-for-airflow-migrations") == [("other", "kubectl-client-side-apply", "Update", False)]
    assert [manager for _, manager, _, _ in seen(workload)] == ["kubectl-client-side-apply", "kubectl-set"]


def test_containers_that_do_not_move_do_not_matter() -> None:
    assert seen(recorded("kubectl-apply-server-side"), "sidecar") == []


def test_a_cron_job_keeps_its_pods_one_level_deeper() -> None:
    assert seen(recorded("helm-apply-cronjob"), "airflow-cleanup-pods") == [("helm", "helm", "Apply", True)]


def test_of_a_config_map_the_key_is_owned() -> None:
    workload = recorded("helm-apply-configmap", annotations={}, labels={})
    del workload["metadata"]["annotations"]

    assert seen(workload, "pod_template_file.yaml") == [("helm", "helm", "Apply", True)]
    assert seen(workload, "airflow.cfg") == []


@pytest.mark.parametrize("name", ["helm-apply-then-dagship", "helm-update-then-dagship"])
def test_a_change_by_dagship_takes_the_field_and_helm_is_still_known(name: str) -> None:
    assert seen(recorded(name)) == [("helm", "meta.helm.sh/release-name", "", False)]


def test_what_helm_will_do_depends_on_how_it_writes() -> None:
    def why(name: str) -> str:
        return owners(recorded(name), OURS)[0].why

    assert (
        why("helm-apply")
        == "Helm owns the image (server-side apply): with another, the next helm upgrade of rel fails."
    )
    assert "fails with a conflict, unless its values have the same image" in why("helm-apply-then-dagship")
    assert why("helm-update") == "The next helm upgrade of rel puts the image of its values back."
    assert why("helm-update-then-dagship") == why("helm-update")


def test_the_edit_for_the_official_chart_is_a_whole_command() -> None:
    (owner,) = owners(recorded("helm-apply"), OURS, repository="example.test/airflow", digest="sha256:1f")

    assert owner.edit == (
        "Set the image in the values of the release (helm upgrade rel CHART --namespace airflow --reuse-values "
        "--set images.airflow.repository=example.test/airflow,images.airflow.digest=sha256:1f)."
    )


def test_the_values_of_another_chart_are_not_known() -> None:
    workload = recorded("helm-apply")
    del workload["metadata"]["labels"]["tier"]

    assert owners(workload, OURS)[0].edit.endswith("--reuse-values --set …).")


def test_what_helm_calls_its_own_is_not_asked_of_a_label() -> None:
    """`helm template` writes the label too, and then there is no release."""
    assert seen(recorded("kubectl-set", labels={"app.kubernetes.io/managed-by": "Helm"}), "worker") == [
        ("other", "kubectl-set", "Update", False)
    ]


def test_an_object_that_argo_cd_tracks_is_refused_whoever_set_the_image_last() -> None:
    workload = recorded("helm-update-then-dagship", annotations={"argocd.argoproj.io/tracking-id": TRACKED})

    assert seen(workload) == [("argocd", "argocd.argoproj.io/tracking-id", "", True)]
    assert "Argo CD (airflow)" in owners(workload, OURS)[0].why


def test_a_tracking_id_that_was_copied_from_another_object_means_nothing() -> None:
    for other in ("airflow:apps/StatefulSet:airflow/other", "airflow:apps/Deployment:airflow/airflow-worker"):
        workload = recorded("kubectl-set", annotations={"argocd.argoproj.io/tracking-id": other})

        assert [tool for tool, *_ in seen(workload, "worker")] == ["other"]


def test_the_instance_label_names_an_application_only_where_argo_cd_writes() -> None:
    labels = {"app.kubernetes.io/instance": "prod"}

    assert "Argo CD (prod)" in owners(recorded("argocd-controller-update", labels=labels), OURS)[0].why
    assert [tool for tool, *_ in seen(recorded("kubectl-set", labels=labels), "worker")] == ["other"]


def test_the_way_to_share_the_field_with_argo_cd_names_our_manager() -> None:
    assert "managedFieldsManagers: [dagship]" in owners(recorded("argocd-controller-apply"), OURS)[0].edit


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        ({"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}, "Kustomization flux-system/apps"),
        ({"helm.toolkit.fluxcd.io/name": "airflow", "helm.toolkit.fluxcd.io/namespace": "airflow"}, "HelmRelease airflow/airflow"),
    ],
)  # fmt: skip
def test_an_object_that_flux_reconciles_is_refused_whoever_set_the_image_last(
    labels: dict[str, str], named: str
) -> None:
    workload = recorded("helm-update-then-dagship", labels=labels)
    (owner,) = owners(workload, OURS)

    assert (owner.tool, owner.operation, owner.refuse) == ("flux", "", True)
    assert named in owner.why
    assert named in owner.edit


@pytest.mark.parametrize(
    ("name", "mark", "refuse"),
    [
        ("kustomize-controller-apply", {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}, False),
        ("kustomize-controller-apply", {"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"}, False),
        ("kustomize-controller-apply", {"kustomize.toolkit.fluxcd.io/ssa": "Ignore"}, False),
        ("kustomize-controller-apply", {"kustomize.toolkit.fluxcd.io/ssa": "Merge"}, True),
        ("kustomize-controller-apply", {"helm.toolkit.fluxcd.io/driftDetection": "disabled"}, True),
        ("helm-controller-apply", {"helm.toolkit.fluxcd.io/driftDetection": "disabled"}, False),
    ],
)
def test_flux_can_be_told_to_leave_an_object_alone(name: str, mark: dict[str, str], refuse: bool) -> None:
    (owner,) = owners(recorded(name, annotations=mark), OURS)

    assert owner.refuse is refuse
    assert owner.why


def test_helm_s_marks_are_those_of_the_tool_that_renders_the_chart() -> None:
    flux = recorded("helm-controller-apply", annotations={"meta.helm.sh/release-name": "rel"})

    assert [tool for tool, *_ in seen(flux)] == ["flux"]


def test_helm_s_own_server_side_apply_is_in_conflict_whatever_else_there_is() -> None:
    workload = recorded("helm-apply", annotations={"argocd.argoproj.io/tracking-id": TRACKED})

    assert [(tool, refuse) for tool, _, _, refuse in seen(workload)] == [("helm", True), ("argocd", True)]


def test_an_operator_s_object_is_refused_and_its_owner_named() -> None:
    references = [
        {"apiVersion": "example.test/v1", "kind": "AirflowCluster", "name": "prod", "uid": "1", "controller": True}
    ]
    workload = recorded("kubectl-set", ownerReferences=references)

    assert seen(workload, "worker")[0] == ("other", "AirflowCluster/prod", "", True)
    assert "AirflowCluster/prod (example.test/v1)" in owners(workload, OURS)[0].edit


def test_an_owner_that_only_has_it_deleted_with_itself_is_none() -> None:
    references = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1"}]

    assert [tool for tool, *_ in seen(recorded("kubectl-set", ownerReferences=references), "worker")] == ["other"]


def test_who_writes_the_status_is_no_owner() -> None:
    """Since Kubernetes 1.22 an entry says which subresource it came through."""
    workload = recorded("argocd-controller-apply")
    workload["metadata"]["managedFields"][0]["subresource"] = "status"

    assert seen(workload) == []


def test_an_object_that_keeps_no_fields_has_no_owner() -> None:
    workload = recorded("kubectl-set")
    del workload["metadata"]["managedFields"]

    assert seen(workload) == []


def test_those_to_refuse_come_first() -> None:
    workload = recorded("kubectl-set", labels={"kustomize.toolkit.fluxcd.io/name": "apps"})

    assert [(tool, refuse) for tool, _, _, refuse in seen(workload)] == [
        ("flux", True),
        ("other", False),
        ("other", False),
    ]


@pytest.mark.parametrize("name", ["helm-apply", "helm-update", "helm-apply-then-dagship"])
def test_a_chart_that_keeps_the_image_does_not_mind(name: str) -> None:
    """dagship's own writes the image that runs, and says so on its objects."""
    (owner,) = owners(recorded(name, annotations={"dagship/keeps-image": "true"}), OURS)

    assert (owner.tool, owner.refuse, owner.edit) == ("helm", False, "")
    assert "The chart of rel keeps the image" in owner.why


def test_that_a_chart_keeps_the_image_says_nothing_of_other_tools() -> None:
    keeps = {"dagship/keeps-image": "true"}
    tracked = recorded("helm-apply", annotations={**keeps, "argocd.argoproj.io/tracking-id": TRACKED})

    assert [owner.refuse for owner in owners(recorded("argocd-controller-apply", annotations=keeps), OURS)] == [True]
    assert [owner.refuse for owner in owners(recorded("helm-controller-apply", annotations=keeps), OURS)] == [True]
    assert owners(tracked, OURS)[0].tool == "argocd"
    assert owners(tracked, OURS)[0].refuse
    assert owners(recorded("helm-apply", annotations={"dagship/keeps-image": "no"}), OURS)[0].refuse
