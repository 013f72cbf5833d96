"""Whose fields the images of an object are, as the server keeps it in managedFields. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from dagship.workloads.kinds import template_path

Operation = Literal["Apply", "Update"]


def managers(workload: Mapping[str, Any], names: frozenset[str]) -> Iterator[tuple[str, Operation]]:
    """Yields the managers that set an image of these containers (in a ConfigMap: these keys), and how they write."""
    for entry in workload["metadata"].get("managedFields") or ():
        fields = entry.get("fieldsV1") or {}
        if not entry.get("subresource") and _sets(workload, fields, names):
            yield entry.get("manager", ""), "Apply" if entry.get("operation") == "Apply" else "Update"


def _sets(workload: Mapping[str, Any], fields: Mapping[str, Any], names: frozenset[str]) -> bool:
    if workload.get("kind") == "ConfigMap":
        return not names.isdisjoint(key.removeprefix("f:") for key in fields.get("f:data") or {})
    for step in (*template_path(workload.get("kind", "")), "spec"):
        fields = fields.get(f"f:{step}") or {}
    return any(
        "f:image" in below and _name(key) in names
        for group in ("f:containers", "f:initContainers")
        for key, below in (fields.get(group) or {}).items()
    )


def _name(key: str) -> str:
    """Returns the name in a key of a list, `k:{"name":"worker"}`."""
    if not key.startswith("k:"):
        return ""
    name: str = json.loads(key[2:]).get("name", "")
    return name
