"""Pods that say themselves where DAGs are, which goes before the image: refused before anything moves."""

import json
from typing import Any

import pytest

from dagship.errors import Refused
from dagship.model.artifacts import Target
from dagship.rollout import actions
from dagship.rollout.options import RolloutOptions
from dagship.rollout.preflight.dag_source import BUNDLES, FOLDER
from dagship.rollout.results import RolloutResult
from tests.builders.airflow import Object, container, deployment, pod
from tests.cluster import images
from tests.cluster.rig import SECONDS, Rig

A = "a" * 12
OWN = f"/opt/airflow/dag-versions/{A}/dags"
# What the container has, as an Airflow would say it; the last word of the command is what it is asked for.
HAS = f"""
value=null; [ -z "${{{FOLDER}+set}}" ] || value="\\"${FOLDER}\\""
case "$5" in {FOLDER}) said='"value":'$value;; *) said='"airflow":"2.11.2","folder":"'${{{FOLDER}-{OWN}}}'"';; esac
echo "{{$said,\\"current\\":\\"{A}\\"}}"
"""


def scheduler(*env: Object, replicas: int = 0, airflow: str = "2.11.2", **more: Any) -> Object:
    made = container("scheduler", images.image("served-old", airflow=airflow), "scheduler", **more)
    made["env"] = [{"name": "FAKE_ANSWER", "value": HAS}, *env]
    return deployment("scheduler", pod(made, name="scheduler"), replicas=replicas)


def roll(rig: Rig, *, airflow: str = "2.11.2", **asked: Any) -> RolloutResult:
    image = images.image("served-new", airflow=airflow)
    target = Target(image=image, digest=image.partition("@")[2], airflow=airflow, dag_version=A, dag_versions=(A,))
    return actions.rollout(rig.cluster, rig.console, target, RolloutOptions(timeout=SECONDS, **asked))


def settings(rig: Rig, kind: str, **data: str) -> None:
    field = "data" if kind == "ConfigMap" else "stringData"
    rig.kubectl.apply({"apiVersion": "v1", "kind": kind, "metadata": {"name": "settings"}, field: data})


@pytest.mark.parametrize(
    ("kind", "said", "named"),
    [
        ("", {"env": {"value": "/opt/airflow/dags"}}, "its env: /opt/airflow/dags"),
        ("ConfigMap", {"env": {"valueFrom": {"configMapKeyRef": {"name": "settings", "key": FOLDER}}}}, "ConfigMap settings: /x"),
        ("Secret", {"env": {"valueFrom": {"secretKeyRef": {"name": "settings", "key": FOLDER}}}}, "Secret settings"),
        ("ConfigMap", {"envFrom": [{"configMapRef": {"name": "settings"}}]}, "ConfigMap settings: /x"),
    ],
)  # fmt: skip
def test_a_pod_that_names_another_folder_is_refused_with_the_place(rig: Rig, kind: str, said: Any, named: str) -> None:
    if kind:
        settings(rig, kind, **{FOLDER: "/x"})
    own = [{"name": FOLDER, **said.pop("env")}] if "env" in said else []
    rig.start(scheduler(*own, **said))
    before = rig.written()

    with pytest.raises(Refused, match=f"pods set {FOLDER} themselves") as refused:
        roll(rig)

    assert f"deployment/scheduler, container scheduler, has it from {named}" in refused.value.detail
    assert (rig.written(), rig.record.journal) == (before, None)


def test_a_secret_that_is_taken_as_a_whole_is_asked_for_in_the_pod(rig: Rig) -> None:
    settings(rig, "Secret", **{FOLDER: "/x"})
    rig.start(scheduler(envFrom=[{"secretRef": {"name": "settings"}}], replicas=1))
    before = rig.written()

    with pytest.raises(Refused) as refused:
        roll(rig)

    assert refused.value.detail == "  deployment/scheduler has it from Secret settings: /x"
    assert (rig.written(), rig.record.journal) == (before, None)
    rig.kubectl("delete", "secret/settings", "deployment/scheduler", "--wait")
    settings(rig, "Secret", AIRFLOW__CORE__PARALLELISM="4")
    rig.start(scheduler(envFrom=[{"secretRef": {"name": "settings"}}], replicas=1))

    assert roll(rig, dry_run=True).warnings == ()


def test_on_airflow_3_the_list_of_bundles_counts_and_the_folder_does_not(rig: Rig) -> None:
    local = "airflow.dag_processing.bundles.local.LocalDagBundle"
    bundles = {"name": BUNDLES, "value": json.dumps([{"name": "dags-folder", "classpath": local, "kwargs": {}}])}
    folder = {"name": FOLDER, "value": "/opt/airflow/dags"}
    rig.start(scheduler(folder, bundles, airflow="3.3.2"))

    with pytest.raises(Refused, match=f"pods set {BUNDLES} themselves") as refused:
        roll(rig, airflow="3.3.2")
    rig.kubectl("set", "env", "deployment/scheduler", f"{BUNDLES}-")

    assert refused.value.detail.endswith(f"has it from its env: {local}")
    assert roll(rig, airflow="3.3.2", dry_run=True).outcome == "planned"


@pytest.mark.wide
def test_status_names_no_version_that_nobody_serves(rig: Rig) -> None:
    rig.start(scheduler({"name": FOLDER, "value": OWN}, replicas=1))
    assert roll(rig).passed
    reported = json.loads(rig.command("status", "--json").stdout)
    assert ([A], "") == ([one["dag_version"] for one in reported["workloads"]], reported["dags"])

    rig.kubectl("set", "env", "deployment/scheduler", f"{FOLDER}=/opt/airflow/dags")
    rig.kubectl.wait_ready("deployment/scheduler")
    reported = json.loads(rig.command("status", "--json").stdout)

    assert [one["dag_version"] for one in reported["workloads"]] == [""]
    assert reported["dags"] == (
        f"not from the image: deployment/scheduler has {FOLDER} from its env: /opt/airflow/dags"
    )
