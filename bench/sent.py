"""What is sent to the registry when one DAG was edited, counted on the way there."""

import json
import urllib.request
from typing import Any

from bench.project import REGISTRY, Project
from bench.proxy import counting
from bench.table import Row

_ALLOWANCE = 20_000
_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


def rows(project: Project, _rounds: int) -> list[Row]:
    """Counts one edit; the count is exact, so once is enough."""
    host, _, port = REGISTRY.rpartition(":")
    with counting(host, int(port)) as counter:
        repository = f"127.0.0.1:{counter.port}/bench/dagship"

        def build_and_push() -> dict[str, int]:
            built = project.document("build", "--dags", str(project.dags), "--repository", repository, "--push")
            return layers("bench/dagship", built["reference"].rpartition(":")[2])

        before = build_and_push()
        project.edit()
        counter.sent = 0
        after = build_and_push()
        sent = counter.sent
    new = sum(size for digest, size in after.items() if digest not in before)
    return [
        Row(
            what="bytes sent to the registry for that edit",
            against="compressed size of the DAG layer",
            ours=f"{sent} B",
            theirs=f"{new} B",
            result=f"+{sent - new} B",
            bound=f"≤ layer + {_ALLOWANCE // 1000} KB",
            met=sent <= new + _ALLOWANCE,
            remark="every byte that went towards the registry, requests and headers included",
        )
    ]


def layers(repository: str, reference: str) -> dict[str, int]:
    """Returns the layers of an image in the registry: digest and compressed size."""
    found, _ = manifest(repository, reference)
    if "manifests" in found:
        found, _ = manifest(repository, found["manifests"][0]["digest"])
    return {layer["digest"]: layer["size"] for layer in found["layers"]}


def manifest(repository: str, reference: str) -> tuple[dict[str, Any], int]:
    """Returns a manifest in the registry, and its size."""
    request = urllib.request.Request(
        f"http://{REGISTRY}/v2/{repository}/manifests/{reference}", headers={"Accept": ", ".join(_TYPES)}
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        text = answer.read()
    return json.loads(text), len(text)
