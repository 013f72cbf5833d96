"""The chart against a real API server: every object that it can make, and what Helm's own linter says."""

import itertools
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.airflows import Kubectl
from tests.cluster.conftest import namespace
from tests.machine import ROOT

CHART = str(ROOT / "k8s/chart")
GIT = {"url": "https://git.example/dags.git", "branch": "main", "subdirectory": "dags", "secret": "deploy-key"}
MODES: dict[str, dict[str, Any]] = {
    "embedded": {"mode": "embedded"},
    "git": {"mode": "git", "git": GIT},
    "persistent, filled by a sync": {"mode": "persistent", "git": GIT},
    "persistent, filled by the user": {"mode": "persistent", "persistent": {"claim": "mine"}},
}
# Everything that is off by default.
ALL_ON: dict[str, Any] = {
    "image": {"repository": "registry.example/dags", "digest": f"sha256:{'0' * 64}", "pullSecrets": ["pull"]},
    "logs": {"persistence": True, "storageClass": "fast"},
    "ingress": {"enabled": True, "className": "web", "host": "airflow.example", "tlsSecret": "tls", "annotations": {"a": "b"}},
    "scheduler": {"replicas": 2},
    "triggerer": {"replicas": 2},
    "apiServer": {"replicas": 2},
    "workers": {"queues": "default,big"},
    "config": {"core": {"parallelism": 8, "dags_are_paused_at_creation": False}},
    "env": [{"name": "A", "value": "b"}],
    "envFrom": [{"secretRef": {"name": "more"}}],
    "volumes": [{"name": "more", "emptyDir": {}}],
    "volumeMounts": [{"name": "more", "mountPath": "/more"}],
    "podAnnotations": {"a": "b"},
    "serviceAccountAnnotations": {"a": "b"},
    "nodeSelector": {"disk": "fast"},
    "tolerations": [{"key": "airflow", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {}},
}  # fmt: skip
EXTERNAL: dict[str, Any] = {
    "postgres": {"enabled": False},
    "redis": {"enabled": False},
    "database": {"secret": "database"},
    "broker": {"secret": "broker"},
    "keys": {"secret": "keys"},
}
COMBINATIONS = list(
    itertools.product(("3.3.2", "2.11.2"), ("CeleryExecutor", "KubernetesExecutor", "LocalExecutor"), MODES)
)


def written(where: Path, **values: Any) -> str:
    path = where / "values.yaml"
    path.write_text(json.dumps(values), encoding="utf-8")
    return f"--values={path}"


@pytest.fixture(scope="module")
def stage(kubeconfig: Path) -> Iterator[Kubectl]:
    """A namespace with what the values name; nothing is made in it but that."""
    kubectl = namespace(kubeconfig)
    for name in ("deploy-key", "pull", "more"):
        kubectl("create", "secret", "generic", name)
    kubectl("create", "secret", "generic", "database", "--from-literal=connection=postgresql://u:p@h/d")
    kubectl("create", "secret", "generic", "broker", "--from-literal=url=redis://h")
    keys = ("fernet-key", "jwt-secret", "webserver-secret-key", "admin-password")
    kubectl("create", "secret", "generic", "keys", *(f"--from-literal={key}=x" for key in keys))
    kubectl("create", "serviceaccount", "air")  # a pod is refused without; it is the release's
    kubectl("label", "serviceaccount", "air", "app.kubernetes.io/managed-by=Helm")
    marks = ("meta.helm.sh/release-name=air", f"meta.helm.sh/release-namespace={kubectl.namespace}")
    kubectl("annotate", "serviceaccount", "air", *marks)
    yield kubectl
    kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


@pytest.mark.parametrize("combination", COMBINATIONS, ids=", ".join)
def test_the_api_server_takes_every_object(
    combination: tuple[str, str, str], helm_program: str, stage: Kubectl, tmp_path: Path
) -> None:
    version, executor, mode = combination
    # With the services of the chart by turns with those of others.
    others = EXTERNAL if COMBINATIONS.index(combination) % 2 else {}
    values = written(
        tmp_path, **{**ALL_ON, **others, "airflowVersion": version, "executor": executor, "dags": MODES[mode]}
    )
    where = [f"--kubeconfig={stage.kubeconfig}", f"--namespace={stage.namespace}"]
    rendered = subprocess.run(
        [helm_program, "template", "air", CHART, values, "--dry-run=server", *where], capture_output=True, text=True
    )
    assert rendered.returncode == 0, rendered.stderr
    objects = [one for one in yaml.safe_load_all(rendered.stdout) if one]
    new = [one for one in objects if (one["kind"], one["metadata"]["name"]) != ("ServiceAccount", "air")]

    taken = stage.run(
        "create", "--dry-run=server", "--validate=true", "--filename=-",
        input=json.dumps({"apiVersion": "v1", "kind": "List", "items": new}),
    )  # fmt: skip

    assert taken.returncode == 0, taken.stderr
    assert taken.stdout.count("(server dry run)") == len(new) > 10


@pytest.mark.parametrize("executor", ["CeleryExecutor", "KubernetesExecutor", "LocalExecutor"])
def test_helms_linter_has_nothing_to_say(executor: str, helm_program: str, tmp_path: Path) -> None:
    values = written(tmp_path, **{**ALL_ON, "executor": executor})

    done = subprocess.run([helm_program, "lint", "--strict", CHART, values], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout
