"""The state of a namespace that a rollout is planned on: its inventory, and dagship's record there."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dagship.cluster.failures import NotFound
from dagship.errors import UsageError
from dagship.record import form
from dagship.record.model import Journal, Record
from dagship.workloads import inventory as inventory_
from dagship.workloads.inventory import Inventory

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster


@dataclass(frozen=True, kw_only=True)
class Survey:
    """The state of a namespace.

    Attributes:
        inventory: Its workloads and ConfigMaps.
        record: What dagship wrote there.
        unread: Why that cannot be read, or empty.

    """

    inventory: Inventory
    record: Record
    unread: str = ""


def read_namespace(cluster: "Cluster", *, selector: str, only_looks: bool = False) -> Survey:
    """Reads the namespace.

    Args:
        cluster: The namespace.
        selector: Label selector that workloads must match; empty for all.
        only_looks: Whether a record that cannot be read is no reason to stop.

    Raises:
        UsageError: The selector is none, or the record cannot be read.
        OutsideError: The API server did not answer, or refused.

    """
    inventory = inventory_.take(cluster, selector=selector)
    written, unread = Record(), ""
    try:
        written = form.parse(inventory.config_maps.get(form.NAME))
    except UsageError as refused:
        if not only_looks:
            raise
        unread = f"{refused.message} {refused.hint}"
    if written.journal and selector:
        inventory = _with_moves(cluster, inventory, written.journal)
    return Survey(inventory=inventory, record=written, unread=unread)


def _with_moves(cluster: "Cluster", inventory: Inventory, journal: Journal) -> Inventory:
    """Adds what an unfinished rollout moves: that is ended also where the selector is another one this time."""
    objects = dict(inventory.objects)
    for move in journal.moves:
        if (move.kind, move.name) not in objects:
            with suppress(NotFound):
                objects[move.kind, move.name] = cluster.get(move.kind, move.name)
    return replace(inventory, objects=objects)
