"""What an Airflow can take without a new pod: read from its namespace alone, and said where it is nothing."""

import copy
import json
from typing import Any

import pytest

from dagship.model.thin import NAME, Receiver
from dagship.record.model import Change, Journal, Move, Record, Release
from dagship.rollout.plan.dag_version import POINTER
from dagship.rollout.preflight import dag_source
from dagship.rollout.survey import Survey
from dagship.rollout.thin import receiver
from dagship.workloads import selection, spec
from dagship.workloads.inventory import Inventory
from dagship.workloads.kinds import KINDS, Role
from tests.builders import thin
from tests.builders.airflow import Object, container, deployment, pod, stateful_set

REPOSITORY = "registry.example:5000/team/airflow"
OTHER = f"{REPOSITORY}@sha256:{'9' * 64}"


def of(*objects: Object, record: Record | None = None) -> Receiver:
    made = {(one["kind"], one["metadata"]["name"]): one for one in objects}
    workloads = tuple(spec.read(kind, raw) for (kind, _), raw in made.items() if kind in KINDS)
    survey = Survey(inventory=Inventory(objects=made, workloads=workloads), record=record or Record())
    return receiver.of(survey, selection.select(workloads, repositories=[REPOSITORY]), [REPOSITORY])


def changed(name: str, **more: Any) -> list[Object]:
    """The Airflow, with other values in the first container of one of its workloads."""
    found = [copy.deepcopy(one) for one in thin.airflow()]
    for one in found:
        if one["metadata"]["name"] == name:
            one["spec"]["template"]["spec"]["containers"][0].update(more)
    return found


def test_an_airflow_takes_what_is_announced_where_all_that_reads_dags_has_it_mounted() -> None:
    assert of(*thin.airflow()) == Receiver(onto=thin.RUNS, config_map=NAME)


def test_it_says_what_is_announced_and_which_packages_are_there() -> None:
    found = of(*thin.airflow(), thin.config_map(thin.announcement(), v5=b"abc", v6=b"abc"))

    assert found.announcement == thin.announcement()
    assert found.packages == {version: thin.packaged(version) for version in (thin.V5, thin.V6)}
    assert found.why_not == ""


def test_packages_come_in_the_order_in_which_their_versions_were_released_last() -> None:
    versions = (thin.V6, thin.V5, thin.V6, thin.V5)
    releases = tuple(
        Release(number=number, kind="rollout", image=thin.RUNS, when="", dag_version=version)
        for number, version in enumerate(versions)
    )
    objects = (*thin.airflow(), thin.config_map(thin.announcement(), v5=b"abc", v6=b"abc"))

    assert [*of(*objects, record=Record(releases=releases)).packages] == [thin.V5, thin.V6]
    assert [*of(*objects, record=Record(releases=releases[:3])).packages] == [thin.V6, thin.V5]


def test_the_name_of_the_config_map_is_that_of_the_dag_processors_volume() -> None:
    mounted = [thin.mounting(one, name="air-dags") if one["metadata"]["name"] in thin.READ else one for one in
               thin.airflow(without=thin.READ)]  # fmt: skip

    assert of(*mounted, thin.config_map(thin.announcement(), name="air-dags")) == Receiver(
        onto=thin.RUNS, config_map="air-dags", announcement=thin.announcement()
    )


@pytest.mark.parametrize("name", thin.READ)
def test_one_that_has_it_not_mounted_is_named(name: str) -> None:
    assert f"/{name} has no volume at /opt/airflow/dag-announced" in of(*thin.airflow(without=[name])).why_not


def test_components_that_mount_different_config_maps_take_nothing() -> None:
    worker, *others = thin.airflow(without=["worker"])

    assert of(thin.mounting(worker, name="x"), *others).why_not == (
        "its components mount different ConfigMaps: x, dagship-dags"
    )


def test_images_that_differ_take_nothing_and_other_components_may_run_whatever_they_like() -> None:
    found = of(*changed("worker", image=OTHER))

    assert (found.why_not, found.onto) == ("its components run different images", "")
    assert of(*changed("api-server", image=OTHER)).why_not == ""


def test_an_image_by_tag_is_not_known_to_be_one() -> None:
    assert of(*thin.airflow(f"{REPOSITORY}:1")).why_not.endswith("by a tag, and not by digest as a rollout sets it")


def test_a_rollback_by_a_variable_stands_in_the_way() -> None:
    env = [{"name": POINTER, "value": "a" * 12}]

    assert of(*changed("dag-processor", env=env)).why_not.startswith("deployment/dag-processor has DAGSHIP_DAG_VERSION")


def test_without_a_dag_processor_nothing_is_taken() -> None:
    rest = [one for one in thin.airflow() if one["metadata"]["name"] != "dag-processor"]

    assert of(*rest).why_not == "no dag-processor runs the image there"


def test_an_unfinished_rollout_of_images_stands_in_the_way_and_an_announcement_does_not() -> None:
    def journal(change: Change, role: Role = "other") -> Record:
        move = Move(kind="Deployment", name="scheduler", role=role, changes=(change,))
        begun = Journal(
            state="moving", kind="rollout", image=thin.RUNS, dag_version="", airflow="", who="", job="", began="",
            moves=(move,),
        )  # fmt: skip
        return Record(journal=begun)

    image = Change(field="image", container="scheduler", after=thin.RUNS)
    announced = Change(field="announced", name="current")

    assert of(*thin.airflow(), record=journal(image)).why_not == "a rollout is unfinished there"
    assert of(*thin.airflow(), record=journal(announced, "announcement")).why_not == ""


def test_airflow_2_pins_no_run() -> None:
    last = Release(number=1, kind="rollout", image=thin.RUNS, airflow="2.11.2", when="")

    assert of(*thin.airflow(), record=Record(releases=(last,))).why_not.startswith("Airflow 2.11.2 pins no run")


def test_what_cannot_be_read_is_not_overwritten_by_the_way() -> None:
    broken = {"kind": "ConfigMap", "metadata": {"name": NAME}, "data": {"current": "by hand"}}

    assert "cannot be read" in of(*thin.airflow(), broken).why_not


@pytest.mark.parametrize(("executor", "reads"), [("LocalExecutor", True), ("CeleryExecutor", False), ("", False)])
def test_a_scheduler_reads_dags_where_it_runs_the_tasks(executor: str, reads: bool) -> None:
    found = of(*changed("scheduler", env=[{"name": "AIRFLOW__CORE__EXECUTOR", "value": executor}]))

    assert ("deployment/scheduler has no volume" in found.why_not) is reads


def test_a_scheduler_without_workers_runs_the_tasks() -> None:
    rest = [one for one in thin.airflow() if one["metadata"]["name"] != "worker"]

    assert of(*rest).why_not.startswith("deployment/scheduler has no volume")


def kubernetes_executor(*, mounts: bool, image: str = thin.RUNS, env: tuple[Object, ...] = ()) -> list[Object]:
    """An Airflow whose scheduler makes pods of a template in a ConfigMap."""
    base: Object = {"kind": "Pod", "spec": {"containers": [{"name": "base", "image": image}]}}
    text = json.dumps(thin.mounting(base) if mounts else base)
    used = {"name": "AIRFLOW__CORE__EXECUTOR", "value": "KubernetesExecutor"}
    scheduler = deployment(
        "scheduler",
        pod(
            container("scheduler", thin.RUNS, "scheduler", env=[used, *env]),
            name="scheduler",
            volumes=[{"name": "config", "configMap": {"name": "config"}}],
        ),
    )
    scheduler["metadata"]["namespace"] = "airflow"
    processor = next(one for one in thin.airflow() if one["metadata"]["name"] == "dag-processor")
    return [scheduler, processor, {"kind": "ConfigMap", "metadata": {"name": "config"}, "data": {"pod.yaml": text}}]


def test_the_template_of_the_kubernetes_executors_pods_has_to_mount_it_too() -> None:
    assert of(*kubernetes_executor(mounts=True)).why_not == ""
    assert of(*kubernetes_executor(mounts=False)).why_not.startswith("configmap/config has no volume")


def test_the_image_that_a_variable_names_goes_before_the_templates() -> None:
    name, _, hexadecimal = OTHER.rpartition(":")
    env = tuple(
        {"name": f"AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_{what}", "value": value}
        for what, value in (("REPOSITORY", name), ("TAG", hexadecimal))
    )

    assert of(*kubernetes_executor(mounts=True, env=env)).why_not == "its components run different images"


def test_pods_of_a_template_that_nobody_sees_or_in_another_namespace_take_nothing() -> None:
    elsewhere = {"name": "AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE", "value": "tasks"}
    scheduler, processor, config = kubernetes_executor(mounts=True)

    assert "is in no ConfigMap that its scheduler mounts" in of(scheduler, processor, {**config, "data": {}}).why_not
    assert of(*kubernetes_executor(mounts=True, env=(elsewhere,))).why_not == (
        "the KubernetesExecutor has its pods in another namespace, tasks"
    )


def test_dags_that_come_from_elsewhere_than_the_image_are_not_brought_with_one() -> None:
    labels = {
        "app.kubernetes.io/name": "airflow", "app.kubernetes.io/instance": "air", "helm.sh/chart": "airflow-0.1.0",
    }  # fmt: skip
    found = thin.airflow()
    for one in found:
        one["metadata"]["labels"] = labels
    template = pod(container("sync", thin.RUNS, "scheduler"), name="x", volumes=[{"name": "dags-git", "emptyDir": {}}])

    assert of(*found, stateful_set("x", template, labels=labels)).why_not == (
        "its DAGs do not come from the image (dags.mode: git)"
    )


@pytest.mark.parametrize(
    ("bundle", "ours"),
    [("dagship_versions.bundle.BakedDagBundle", True), ("airflow.dag_processing.bundles.local.LocalDagBundle", False)],
)
def test_another_bundle_than_the_images_would_not_hear_of_it(bundle: str, ours: bool) -> None:
    env = [{"name": dag_source.BUNDLES, "value": json.dumps([{"name": "dags-folder", "classpath": bundle}])}]
    why = of(*changed("dag-processor", env=env)).why_not

    assert why == ("" if ours else "deployment/dag-processor has other DAG bundles than the image's from its env")
