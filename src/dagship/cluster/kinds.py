"""The kinds of objects that dagship touches, and where the API has them. Pure."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True, kw_only=True)
class Resource:
    """The API path of a kind.

    Attributes:
        kind: `StatefulSet`.
        version: `apps/v1`.
        plural: `statefulsets`, as in paths and roles.
        namespaced: Whether it lives in a namespace.

    """

    kind: str
    version: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str, name: str = "", subresource: str = "") -> str:
        """Returns the path of the collection, of one object, or of something of it."""
        start = f"/apis/{self.version}" if "/" in self.version else f"/api/{self.version}"
        parts = [*(("namespaces", namespace) if self.namespaced else ()), self.plural, name, subresource]
        return "/".join([start, *(quote(part, safe="") for part in parts if part)])


RESOURCES = {
    each.kind: each
    for each in (
        Resource(kind="ConfigMap", version="v1", plural="configmaps"),
        Resource(kind="CronJob", version="batch/v1", plural="cronjobs"),
        Resource(kind="Deployment", version="apps/v1", plural="deployments"),
        Resource(kind="Event", version="v1", plural="events"),
        Resource(kind="Job", version="batch/v1", plural="jobs"),
        Resource(kind="Lease", version="coordination.k8s.io/v1", plural="leases"),
        Resource(kind="Namespace", version="v1", plural="namespaces", namespaced=False),
        Resource(kind="Node", version="v1", plural="nodes", namespaced=False),
        Resource(kind="PersistentVolumeClaim", version="v1", plural="persistentvolumeclaims"),
        Resource(kind="Pod", version="v1", plural="pods"),
        Resource(kind="ReplicaSet", version="apps/v1", plural="replicasets"),
        Resource(kind="Secret", version="v1", plural="secrets"),
        Resource(kind="StatefulSet", version="apps/v1", plural="statefulsets"),
    )
}


def cron_jobs(batch: dict[str, Any]) -> Resource:
    """Returns where a server has CronJobs that says this of `batch/v1`: they came there with Kubernetes 1.21."""
    newer = RESOURCES["CronJob"]
    there = {each.get("name") for each in batch.get("resources") or ()}
    return newer if newer.plural in there else replace(newer, version="batch/v1beta1")
