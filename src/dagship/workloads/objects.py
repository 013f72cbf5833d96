"""The JSON of the API server: what takes more than a look at one key. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from dagship.workloads.kinds import template_path

Raw = Mapping[str, Any]

REVISION = "deployment.kubernetes.io/revision"


def template_containers(raw: Raw) -> tuple[Raw, ...]:
    """Returns the containers of a workload's pod template as they are written, initContainers first."""
    inner = raw
    for step in (*template_path(raw.get("kind", "")), "spec"):
        inner = inner.get(step) or {}
    return (*(inner.get("initContainers") or ()), *(inner.get("containers") or ()))


def newest_hash(deployment: Raw, replica_sets: Iterable[Raw]) -> str:
    """Returns the hash of the ReplicaSet that is the Deployment's newest.

    Deployments and ReplicaSets come by two watches, and with the strategy Recreate there is no new ReplicaSet before
    the old pods are gone: the newest may be that of the spec before. Then the hash is not known yet.
    """
    owned = [raw for raw in replica_sets if controller(raw).get("uid") == deployment["metadata"].get("uid")]
    if not owned:
        return ""
    newest = max(owned, key=_revision)
    named = (deployment["metadata"].get("annotations") or {}).get(REVISION)
    if named not in {None, str(_revision(newest))} or images(newest) != images(deployment):
        return ""
    return str((newest["metadata"].get("labels") or {}).get("pod-template-hash", ""))


def images(raw: Raw) -> dict[str, str]:
    """Returns the images of a pod template by container name."""
    return {container["name"]: container.get("image", "") for container in template_containers(raw)}


def controller(raw: Raw) -> Raw:
    """Returns the reference to what controls an object, empty where nothing does."""
    owners = raw["metadata"].get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), {})


def conditions(status: Raw) -> dict[str, tuple[str, str, str]]:
    """Returns status, reason and message of each condition by its type."""
    return {
        condition["type"]: (condition.get("status", ""), condition.get("reason", ""), condition.get("message", ""))
        for condition in status.get("conditions") or ()
    }


def seconds(text: str | None) -> float | None:
    """Returns RFC 3339 as epoch seconds."""
    return datetime.fromisoformat(text).timestamp() if text else None


def _revision(replica_set: Raw) -> int:
    text = (replica_set["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isdecimal() else 0
