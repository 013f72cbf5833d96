"""Reads what a namespace holds: its workloads, its ConfigMaps, and dagship's own record among these."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dagship.airflow.activity import LiveRuns
from dagship.cluster.failures import BadRequest, NotFound
from dagship.errors import UsageError
from dagship.record import config_map
from dagship.record.model import Record
from dagship.workloads import spec
from dagship.workloads.kinds import Kind
from dagship.workloads.spec import Workload

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster

_KINDS: tuple[Kind, ...] = ("StatefulSet", "Deployment", "CronJob")


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What a namespace holds.

    Attributes:
        objects: StatefulSets, Deployments, CronJobs and ConfigMaps as the server sent them.
        workloads: The first three, read.
        record: What dagship wrote there.
        unread: Why that cannot be read, or empty.
        live: Airflow's unfinished runs and running tasks, where it was asked.

    """

    objects: Mapping[tuple[Kind, str], Mapping[str, Any]]
    workloads: tuple[Workload, ...]
    record: Record
    unread: str = ""
    live: LiveRuns | None = None

    @property
    def config_maps(self) -> dict[str, Mapping[str, Any]]:
        """The ConfigMaps by name."""
        return {name: raw for (kind, name), raw in self.objects.items() if kind == "ConfigMap"}


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
    objects: dict[tuple[Kind, str], Mapping[str, Any]] = {}
    for kind in _KINDS:
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
    own = objects.get(("ConfigMap", config_map.NAME))
    written, unread = Record(), ""
    try:
        written = config_map.parse(dict(own) if own else None)
    except UsageError as refused:
        if not only_looks:
            raise
        unread = f"{refused.message} {refused.hint}"
    for move in written.journal.moves if written.journal and selector else ():
        # What was begun is ended, also where the selector is another one this time.
        if (move.kind, move.name) not in objects:
            with suppress(NotFound):
                objects[move.kind, move.name] = cluster.get(move.kind, move.name)
    return Survey(objects=objects, workloads=read, record=written, unread=unread)
