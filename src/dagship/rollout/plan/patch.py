"""The fields that change: what one says now, and the patch that makes it say something else. Pure.

Strategic merge patches: containers and variables are found by name, so that what an admission controller injected
beside them stays (the API conventions' merge keys). resourceVersion makes the server refuse (409) when the object is
no longer the one that was looked at.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dagship.errors import UsageError
from dagship.record import announced
from dagship.record.model import Change
from dagship.rollout.plan import pod_template_file
from dagship.workloads.kinds import Kind, template_path
from dagship.workloads.spec import template


def present(kind: Kind, raw: Mapping[str, Any] | None, change: Change) -> str | None:
    """Returns what the field says in an object as the server sent it; None when it is not there."""
    if change.field == "announced":
        return announced.said(raw)
    if raw is None:
        return None
    if change.field == "template":
        text = (raw.get("data") or {}).get(change.name, "")
        return pod_template_file.images(text).get((change.container, change.init))
    spec = template(kind, raw)["spec"]
    group = "initContainers" if change.init else "containers"
    container = next((one for one in spec.get(group) or () if one.get("name") == change.container), None)
    if container is None:
        return None
    if change.field != "env":
        found: str | None = container.get("image")
        return found
    entry = next((one for one in container.get("env") or () if one["name"] == change.name), None)
    return None if entry is None else entry.get("value", "")


def there(kind: Kind, raw: Mapping[str, Any], change: Change) -> bool:
    """Whether the container of a change is there: a variable that is not can be set, a container cannot be made."""
    if change.field == "announced":
        return True
    if change.field == "env":
        return any(one["name"] == change.container for one in template(kind, raw)["spec"].get("containers") or ())
    return present(kind, raw, change) is not None


def patch(kind: Kind, raw: Mapping[str, Any], changes: Iterable[Change], *, recreate: bool = False) -> dict[str, Any]:
    """Returns the body that makes every field say what its change has in `after`.

    Args:
        kind: What the object is.
        raw: The object as it was looked at.
        changes: Its changes.
        recreate: Whether a Deployment is to end its old pods before it makes new ones.

    Raises:
        UsageError: A pod template in a ConfigMap cannot be changed without changing more than its images.

    """
    body: dict[str, Any] = {"metadata": {"resourceVersion": raw["metadata"]["resourceVersion"]}}
    changes = tuple(changes)
    if kind == "ConfigMap":
        names = dict.fromkeys(change.name for change in changes)
        return {**body, "data": {name: _text(raw, name, changes) for name in names}}
    spec: dict[str, dict[str, dict[str, Any]]] = {}
    for change in changes:
        group = spec.setdefault("initContainers" if change.init else "containers", {})
        container = group.setdefault(change.container, {"name": change.container})
        if change.field == "image":
            container["image"] = change.after
        elif change.after is None:
            container.setdefault("env", []).append({"name": change.name, "$patch": "delete"})
        else:
            container.setdefault("env", []).append({"name": change.name, "value": change.after})
    pods: dict[str, Any] = {"spec": {group: list(containers.values()) for group, containers in spec.items()}}
    for step in reversed(template_path(kind)):
        pods = {step: pods}
    if recreate:
        pods["spec"]["strategy"] = {"type": "Recreate", "rollingUpdate": None}
    return {**body, **pods}


def _text(raw: Mapping[str, Any], name: str, changes: Iterable[Change]) -> str:
    text: str = raw["data"][name]
    wanted = {(change.container, change.init): change.after or "" for change in changes if change.name == name}
    changed = pod_template_file.with_images(text, wanted)
    if changed is None:
        containers = ", ".join(sorted(container for container, _ in wanted))
        raise UsageError(
            f"The image of {containers} in {name} of the ConfigMap {raw['metadata']['name']} is written in a way that "
            "cannot be changed without changing more.",
            "Write it there as `image: …` in each container, on one line.",
        )
    return changed
