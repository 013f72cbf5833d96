"""Keeps the record of a namespace while its lock is held: the only one that writes it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dagship.record import config_map, form
from dagship.record.model import Hold, Journal, Record

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster
    from dagship.record.lease import Lease


class Ledger:
    """The record of a namespace, as the holder of its lock read or wrote it last.

    Args:
        cluster: The namespace.
        lease: Its lock, which is held.
        read: The ConfigMap of the record, read since the lock was taken; None when there was none.
        warn: Is told which releases the record has no room for.

    """

    def __init__(
        self, cluster: "Cluster", lease: "Lease", read: Mapping[str, Any] | None, *, warn: Callable[[str], object]
    ) -> None:
        self._cluster = cluster
        self._lease = lease
        self._config_map = dict(read) if read else None
        self._warn = warn
        self.record: Record = form.parse(self._config_map)

    def check(self) -> None:
        """Makes sure before a change that the lock is still held.

        Raises:
            Refused: Another took it, or somebody deleted it.
            OutsideError: It cannot be renewed, so that another may have it by now.

        """
        self._lease.check()

    def write(self, record: Record) -> None:
        """Writes the record, as long as nobody else may.

        Raises:
            Refused: Someone else wrote it meanwhile, or has the lock.
            OutsideError: The API server did not answer, or refused.

        """
        self._lease.check()
        kept, gone = config_map.fit(record)
        self._config_map = config_map.store(self._cluster, kept, self._config_map)
        self.record = kept
        if gone:
            first = kept.releases[0].number
            self._warn(f"the record has no room for release {', '.join(map(str, gone))}: rollback reaches to {first}")

    def journal(self, journal: Journal | None) -> None:
        """Writes how far a rollout under way is; None when it is over."""
        self.write(self.record.model_copy(update={"journal": journal}))

    def hold(self, hold: Hold | None) -> None:
        """Writes which DAGs are paused; None when none is any more."""
        self.write(self.record.model_copy(update={"hold": hold}))
