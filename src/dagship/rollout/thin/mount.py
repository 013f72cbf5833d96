"""The ConfigMap of what is announced, as a container has it mounted. Pure."""

from dagship.model.thin import MOUNT
from dagship.workloads.objects import Raw


def config_map(pod_spec: Raw, container: Raw) -> tuple[str, str]:
    """Returns the name of the ConfigMap that a container has mounted where versions are announced, and why none counts.

    Args:
        pod_spec: The pod's spec.
        container: A container of it.

    """
    mounts = container.get("volumeMounts") or ()
    mount = next((one for one in mounts if str(one.get("mountPath", "")).rstrip("/") == MOUNT), None)
    if mount is None:
        return "", f"has no volume at {MOUNT}"
    if mount.get("subPath") or mount.get("subPathExpr"):
        return "", f"has its volume at {MOUNT} by subPath, which Kubernetes never refreshes"
    volumes = pod_spec.get("volumes") or ()
    source = next((one.get("configMap") for one in volumes if one.get("name") == mount.get("name")), None)
    if not source or not source.get("name"):
        return "", f"has something else than a ConfigMap at {MOUNT}"
    if source.get("items"):
        return "", f"has only some keys of the ConfigMap {source['name']} at {MOUNT}"
    return str(source["name"]), ""
