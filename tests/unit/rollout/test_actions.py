"""What a rollout moves where dagship's chart brings the DAGs from elsewhere."""

import io
import json
from typing import Any

import pytest

from dagship.model.artifacts import Target
from dagship.rollout import actions
from dagship.rollout.options import RolloutOptions
from dagship.rollout.preflight.dag_source import BUNDLES, FOLDER
from dagship.terminal.console import Console
from tests.builders.airflow import container, deployment, pod, stateful_set
from tests.builders.namespace import Namespace

IMAGE = f"registry.example.com/airflow@sha256:{'b' * 64}"


def charts(mode: str, airflow: str) -> Namespace:
    """An Airflow as dagship's chart renders it: what says where DAGs are is in the ConfigMap of all its pods."""
    labels = {
        "app.kubernetes.io/name": "airflow",
        "app.kubernetes.io/instance": "air",
        "app.kubernetes.io/component": "scheduler",
        "helm.sh/chart": "airflow-0.1.0",
    }
    kind = "synced.SyncedDagBundle" if mode == "git" else "local.LocalDagBundle"
    folder = {"git": "/opt/airflow/dags-git/current", "persistent": "/opt/airflow/dags"}.get(mode)
    said = {BUNDLES: json.dumps([{"name": "dags-folder", "classpath": kind}]), FOLDER: folder} if folder else {}
    settings = {
        "kind": "ConfigMap",
        "metadata": {"name": "air-config", "labels": labels},
        "data": {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor", **said},
    }
    taken: Any = [{"configMapRef": {"name": "air-config"}}]
    volumes = [{"name": f"dags-{mode}", "emptyDir": {}}] if folder else []

    def template(name: str, *command: str) -> dict[str, Any]:
        return pod(
            container(name, f"registry.example.com/airflow:{airflow}", *command, envFrom=taken),
            name=name,
            volumes=volumes,
        )

    return Namespace(
        settings,
        stateful_set(
            "air-worker",
            template("worker", "celery", "worker"),
            labels={**labels, "app.kubernetes.io/component": "worker"},
        ),
        deployment("air-scheduler", template("scheduler", "scheduler"), labels=labels),
        deployment("air-web", template("web", "api-server"), labels={**labels, "app.kubernetes.io/component": "web"}),
    )


@pytest.mark.parametrize("airflow", ["2.11.2", "3.3.2"])
@pytest.mark.parametrize("mode", ["git", "persistent", "embedded"])
def test_a_rollout_moves_the_packages_alone_where_the_chart_brings_dags_from_elsewhere(mode: str, airflow: str) -> None:
    target = Target(image=IMAGE, digest=IMAGE.partition("@")[2], dag_version="a" * 12, airflow=airflow)
    namespace: Any = charts(mode, airflow)
    result = actions.rollout(namespace, Console(stderr=io.StringIO()), target, RolloutOptions(dry_run=True))
    said = [one for one in result.warnings if f"(dags.mode: {mode})" in one]

    assert [move.key for move in result.moves] == [
        "statefulset/air-worker", "deployment/air-web", "deployment/air-scheduler",
    ]  # fmt: skip
    assert (result.outcome, result.image) == ("planned", IMAGE)
    assert (result.dag_version, len(said)) == (("a" * 12, 0) if mode == "embedded" else ("", 1))
