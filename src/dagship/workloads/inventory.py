"""The workloads and ConfigMaps of a namespace, as its server has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dagship.cluster.failures import BadRequest
from dagship.errors import UsageError
from dagship.workloads import spec
from dagship.workloads.kinds import KINDS, Kind
from dagship.workloads.spec import Workload

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """The objects of a namespace that run Airflow or set it up.

    Attributes:
        objects: Workloads and ConfigMaps as the server sent them.
        workloads: The former, read.

    """

    objects: Mapping[tuple[Kind, str], Mapping[str, Any]]
    workloads: tuple[Workload, ...]

    @property
    def config_maps(self) -> dict[str, Mapping[str, Any]]:
        """The ConfigMaps by name."""
        return {name: raw for (kind, name), raw in self.objects.items() if kind == "ConfigMap"}


def take(cluster: "Cluster", *, selector: str = "") -> Inventory:
    """Lists the workloads that match a label selector, and every ConfigMap.

    Raises:
        UsageError: The selector is none.
        OutsideError: The API server did not answer, or refused.

    """
    objects: dict[tuple[Kind, str], Mapping[str, Any]] = {}
    for kind in (row.name for row in KINDS.values()):
        try:
            found = cluster.list(kind, selector=selector)
        except BadRequest as refused:
            if not selector:
                raise
            raise UsageError(
                f"{selector!r} is not a label selector. {refused.message}",
                "Write it as release=airflow, or component in (worker, scheduler).",
            ) from refused
        for raw in found:
            objects[kind, raw["metadata"]["name"]] = raw
    read = tuple(spec.read(kind, raw) for (kind, _), raw in objects.items())
    for raw in cluster.list("ConfigMap"):
        objects["ConfigMap", raw["metadata"]["name"]] = raw
    return Inventory(objects=objects, workloads=read)
