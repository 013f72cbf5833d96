"""Where DAGs are by what a pod says: which of its sources counts, and whether that is what the image sets."""

import json
from typing import Any

import pytest

from dagship.airflow.activity import Activity
from dagship.record.model import Change, Move, Record
from dagship.rollout import status
from dagship.rollout.preflight import dag_source
from dagship.rollout.preflight.dag_source import BUNDLES, FOLDER
from dagship.rollout.results import WorkloadReport
from dagship.rollout.survey import Survey
from dagship.workloads import pod_environment, spec
from dagship.workloads.inventory import Inventory
from dagship.workloads.pod_environment import Source
from tests.builders import pods as o
from tests.builders.airflow import container, deployment, pod

A = "a" * 12
OWN = f"/opt/airflow/dag-versions/{A}/dags"
BAKED = {"name": "dags-folder", "classpath": "dagship_versions.bundle.BakedDagBundle", "kwargs": {}}
LOCAL = {"name": "dags-folder", "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle", "kwargs": {}}


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        (FOLDER, OWN, True),
        (FOLDER, f"{OWN}/", True),
        (FOLDER, f"/opt/airflow/dag-versions/{'b' * 12}/dags", False),
        (FOLDER, f"/opt/airflow/dag-versions/{A}", False),
        (FOLDER, "/opt/airflow/dags", False),
        (FOLDER, "", False),
        (BUNDLES, json.dumps([BAKED]), True),
        (BUNDLES, json.dumps([LOCAL, BAKED]), True),
        (BUNDLES, json.dumps([LOCAL]), False),
        (BUNDLES, json.dumps([{**BAKED, "kwargs": {"root": "/elsewhere"}}]), False),
        (BUNDLES, json.dumps([{**BAKED, "kwargs": None}]), True),
        (BUNDLES, json.dumps([{**BAKED, "kwargs": "x"}]), False),
        (BUNDLES, json.dumps([{**BAKED, "kwargs": ["root"]}]), False),
        (BUNDLES, "[]", False),
        (BUNDLES, "not JSON", False),
        (BUNDLES, '["BakedDagBundle"]', False),
    ],
)
def test_a_value_is_right_where_it_has_the_images_dags_served(name: str, value: str, right: bool) -> None:
    assert dag_source.is_images(name, value, A) is right


@pytest.mark.parametrize("optional", [False, True])
def test_bundles_in_a_secret_are_asked_for_and_a_folder_in_one_is_refused(optional: bool) -> None:
    def known(name: str) -> list[bool]:
        given = {"secretKeyRef": {"name": "s", "key": "k", "optional": optional}}
        found = pod_environment.sources({"env": [{"name": name, "valueFrom": given}]}, name, {})
        return [dag_source.is_known(name, one) for one in found]

    assert known(BUNDLES) == [False]
    assert known(FOLDER) == [not optional]
    assert dag_source.is_known(BUNDLES, Source("its env", None))


@pytest.mark.parametrize(
    ("live", "where"),
    [
        (Activity(airflow="3.3.2", baked=True), ""),
        (Activity(airflow="3.3.2", baked=False), "not from the image, but from other bundles than the image's"),
    ],
)
def test_what_airflow_says_decides_where_its_bundles_are_in_a_secret(live: Activity, where: str) -> None:
    env = [{"name": BUNDLES, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
    raw = deployment("s", pod(container("main", o.V1, "scheduler", env=env), name="s"))
    workload = spec.read("Deployment", raw)
    held = Survey(inventory=Inventory(objects={("Deployment", "s"): raw}, workloads=(workload,)), record=Record())
    report = WorkloadReport(workload=workload.key, role=workload.role, images=(o.V1,), dag_version=A)

    assert status._elsewhere(held, ((workload, workload.containers),), [report], live) == where


def test_what_bundles_are_given_is_not_shown() -> None:
    bundle = {**LOCAL, "kwargs": {"url": "https://me:s3cret@host"}}

    assert dag_source.shown(BUNDLES, json.dumps([bundle])) == LOCAL["classpath"]


def move(raw: dict[str, Any], *names: str, role: Any) -> Move:
    changes = tuple(Change(field="image", container=name, before=o.V1, after=o.V2) for name in names)
    return Move(kind=raw["kind"], name=raw["metadata"]["name"], role=role, changes=changes)


def test_only_what_moves_and_reads_dags_counts() -> None:
    env = [{"name": FOLDER, "value": "/own"}]
    made = pod(container("main", o.V1, "scheduler", env=env), container("x", "other:1", env=env), name="s")
    raw = deployment("s", made)
    objects: Any = {("Deployment", "s"): raw}

    def said(role: str) -> list[tuple[str, str]]:
        found = dag_source.settings([move(raw, "main", role=role)], objects, FOLDER)
        return [(one.workload, one.container) for one in found]

    assert said("scheduler") == [("deployment/s", "main")]
    assert said("webserver") == []


def test_the_pods_of_a_kubernetes_executor_count_by_their_template() -> None:
    base = container("base", "a:1", env=[{"name": FOLDER, "value": "/own"}])
    text = json.dumps({"kind": "Pod", "spec": {"containers": [base]}})
    raw = {"kind": "ConfigMap", "metadata": {"name": "pods"}, "data": {"pod.yaml": text}}
    change = Change(field="template", container="base", name="pod.yaml", before="a:1", after=o.V2)
    moved = Move(kind="ConfigMap", name="pods", role="pod-template", changes=(change,))
    (found,) = dag_source.settings([moved], {("ConfigMap", "pods"): raw}, FOLDER)

    assert (found.workload, found.source) == ("configmap/pods", Source("its env", "/own"))


@pytest.mark.parametrize(
    ("live", "version", "where"),
    [
        ({"airflow": "2.10.5", "folder": OWN, "current": A}, "", ""),
        ({"airflow": "2.10.5", "folder": OWN, "current": A}, "b" * 12, OWN),
        ({"airflow": "2.11.2", "folder": "/opt/airflow/dags", "current": A}, A, "/opt/airflow/dags"),
        ({"airflow": "3.3.2", "folder": "/opt/airflow/dags", "baked": True}, A, ""),
        ({"airflow": "3.3.2", "folder": OWN, "baked": False}, A, "other bundles than the image's"),
        ({}, A, ""),
    ],
)
def test_airflow_says_whether_it_has_its_dags_from_the_image(live: Any, version: str, where: str) -> None:
    assert dag_source.elsewhere(Activity(**live), version) == where


def test_the_charts_own_ways_to_bring_dags_are_known_by_its_volumes() -> None:
    chart = {"app.kubernetes.io/name": "airflow", "app.kubernetes.io/instance": "air", "helm.sh/chart": "airflow-0.1.0"}
    scheduler = deployment("s", pod(container("s", o.V1), name="s"), labels=chart)
    worker = deployment("w", pod(container("w", o.V1), name="w", volumes=[{"name": "dags-git"}]), labels=chart)
    moves = [move(scheduler, "s", role="scheduler")]

    def mode(*raws: dict[str, Any]) -> str:
        return dag_source.by_design(moves, {("Deployment", raw["metadata"]["name"]): raw for raw in raws})

    assert mode(scheduler, worker) == "git"
    assert mode(scheduler) == ""
    worker["metadata"]["labels"] = {**chart, "app.kubernetes.io/instance": "other"}
    assert mode(scheduler, worker) == ""
