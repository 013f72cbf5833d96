"""What a namespace says of the images that it needs."""

import json
from typing import Any

from dagship.cluster.api import Cluster
from dagship.prune import places
from dagship.prune.model import Place
from tests.cluster.kubectl import Kubectl

REPOSITORY = "registry.example:5000/team/airflow"
DIGESTS = {letter: "sha256:" + letter * 64 for letter in "abcdef"}
TAG = "fedd27897060-13fe3e1df025"
RELEASE = {"number": 3, "kind": "rollout", "when": "2026-11-23", "image": f"{REPOSITORY}@{DIGESTS['d']}", "moves": []}


def _pod(image: str, **spec: Any) -> dict[str, Any]:
    containers = [{"name": "main", "image": image}]
    return {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": containers, **spec}}


def _objects() -> list[dict[str, Any]]:
    selector = {"matchLabels": {"app": "x"}}
    return [
        {
            "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "worker"},
            "spec": {
                "replicas": 0, "serviceName": "x", "selector": selector,
                "template": _pod(f"{REPOSITORY}@{DIGESTS['a']}"),
            },
        },
        {
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"replicas": 0, "selector": selector, "template": _pod(f"{REPOSITORY}:{TAG}")},
        },
        {
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "template"},
            "data": {"pod.yaml": f"spec:\n  containers:\n  - name: base\n    image: '{REPOSITORY}@{DIGESTS['c']}'\n"},
        },
        {
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dagship"},
            "data": {"releases": json.dumps([RELEASE]), "rollout": ""},
        },
    ]  # fmt: skip


def test_workloads_templates_and_releases_mention_their_images(kubectl: Kubectl, cluster: Cluster) -> None:
    kubectl.apply(*_objects())

    seen = places.look(cluster, Place(context="", namespace=kubectl.namespace))

    assert seen.mentions[DIGESTS["a"]] == ("statefulset/worker",)
    assert seen.mentions[TAG] == ("deployment/web",)
    assert seen.mentions[DIGESTS["c"]] == ("configmap/template",)
    assert seen.mentions[DIGESTS["d"]] == ("release 3",)
    assert seen.unasked == "There is no scheduler."


def test_the_image_that_a_deployment_had_before_is_its_memory_alone(kubectl: Kubectl, cluster: Cluster) -> None:
    kubectl.apply(*_objects())
    image = f"main={REPOSITORY}@{DIGESTS['e']}"
    kubectl("set", "image", "deployment/web", image)
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")

    seen = places.look(cluster, Place(context="", namespace=kubectl.namespace))

    assert TAG not in seen.mentions
    assert "deployment/web" in seen.mentions[DIGESTS["e"]]
