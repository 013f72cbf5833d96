"""Asks a namespace what it runs, remembers and has under way."""

from typing import TYPE_CHECKING, Any

from dagship.airflow import query
from dagship.airflow_api.api import Api
from dagship.errors import OutsideError
from dagship.model.access import Access
from dagship.prune import mentions
from dagship.prune.model import Place, Seen
from dagship.record import form
from dagship.workloads import inventory as inventory_
from dagship.workloads.inventory import Inventory

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster


def look(cluster: "Cluster", place: Place, access: Access | None = None) -> Seen:
    """Reads a place.

    Args:
        cluster: The namespace.
        place: Which it is.
        access: Where the REST API of its Airflow is; None to ask in the scheduler.

    Raises:
        OutsideError: The API server did not answer, or refused.

    """
    inventory = inventory_.take(cluster)
    own = ("ConfigMap", form.NAME)
    record = form.parse(inventory.config_maps.get(form.NAME))
    objects: list[Any] = [raw for key, raw in inventory.objects.items() if key != own]
    objects += cluster.list("Pod") + cluster.list("ReplicaSet")
    pinned, unasked = _pinned(cluster, inventory, access)
    said = mentions.mentions(objects, record)
    return Seen(place=place, mentions=said, pinned=pinned, unasked=unasked)


def _pinned(cluster: "Cluster", inventory: Inventory, access: Access | None) -> tuple[dict[str, int], str]:
    """Returns DAG version to unfinished runs, of every Airflow in the namespace, and why one could not be asked."""
    pinned: dict[str, int] = {}
    schedulers = {workload.key for workload in inventory.workloads if workload.role == "scheduler"}
    # An address is that of one Airflow.
    api = Api(access) if access and len(schedulers) <= 1 else None
    try:
        for key in sorted(schedulers) or [""]:
            for one in query.connect(cluster, inventory, {key}, api=api).activity().runs:
                if one.version:
                    pinned[one.version] = pinned.get(one.version, 0) + one.runs
    except OutsideError as failed:
        return pinned, failed.message
    return pinned, ""
