"""The permissions that a rollout needs, and those that are missing.

k8s/rbac/role.yaml grants exactly these; k8s/rbac/rest/role.yaml those that are left where Airflow's REST API is asked.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from dagship.cluster.api import Cluster
from dagship.cluster.kinds import RESOURCES
from dagship.workloads.kinds import KINDS

_AT_A_TIME = 8


class Permission(NamedTuple):
    """One verb on one resource of the namespace.

    Attributes:
        verb: `patch`.
        group: API group, empty for the core.
        resource: `statefulsets`.
        subresource: `log`, or empty.
        why: What it is for.

    """

    verb: str
    group: str
    resource: str
    subresource: str
    why: str

    def __str__(self) -> str:
        """As people write it: `patch statefulsets.apps`, `get pods/log`."""
        group = f".{self.group}" if self.group else ""
        return f"{self.verb} {self.resource}{group}{'/' if self.subresource else ''}{self.subresource}"


def _each(verbs: str, group: str, resources: str, why: str) -> tuple[Permission, ...]:
    named = [resource.partition("/") for resource in resources.split()]
    return tuple(
        Permission(verb, group, resource, subresource, why)
        for resource, _, subresource in named
        for verb in verbs.split()
    )


def _on_kinds(verbs: str, why: str, *, watched: bool) -> Iterator[Permission]:
    for row in KINDS.values():
        if row.watched == watched:
            resource = RESOURCES[row.name]
            yield from _each(verbs, resource.version.partition("/")[0], resource.plural, why)


NEEDED: tuple[Permission, ...] = (
    *_on_kinds("get list watch", "to find the workloads and to see them move", watched=True),
    *_on_kinds("patch", "to move them, and to undo that", watched=True),
    *_each("get list watch", "apps", "replicasets", "to tell a Deployment's new pods from its old ones"),
    *_on_kinds("get list", "to find the CronJobs that run the image", watched=False),
    *_on_kinds("patch", "to move them, and to undo that", watched=False),
    *_each("get list watch", "", "pods", "to judge each pod by its revision, readiness and image"),
    *_each("delete", "", "pods", "to free a StatefulSet from a broken pod, and to move one with OnDelete"),
    *_each("get", "", "pods/log", "to report the last lines of a container that fails"),
    *_each(
        "get create",
        "",
        "pods/exec",
        "to ask Airflow for its version, its runs and tasks, and a git sync how it stands",
    ),
    *_each("list", "", "events", "to report the events of a pod that fails"),
    *_each(
        "get list",
        "",
        "configmaps",
        "to read the record of releases, and to find the KubernetesExecutor's pod template",
    ),
    *_each("patch", "", "configmaps", "to write the record of releases, and to move the image in that template"),
    *_each("create", "", "configmaps", "to write the first record of releases"),
    *_each("get create update", "coordination.k8s.io", "leases", "to let one rollout run at a time"),
)


BY_REST: tuple[Permission, ...] = tuple(one for one in NEEDED if (one.resource, one.subresource) != ("pods", "exec"))
"""Those that are needed where Airflow's REST API is asked."""


def missing(cluster: Cluster, needed: Iterable[Permission] = NEEDED) -> tuple[Permission, ...]:
    """Asks the API server for each permission, and returns those that this user does not have.

    Raises:
        OutsideError: The API server does not answer.

    """

    def is_granted(one: Permission) -> bool:
        return cluster.can(one.verb, one.resource, group=one.group, subresource=one.subresource)

    first, *others = needed
    granted = [is_granted(first)]  # alone: an API server that is away is waited for once
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        granted += pool.map(is_granted, others)
    return tuple(one for one, is_so in zip((first, *others), granted, strict=True) if not is_so)
