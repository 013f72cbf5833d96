"""Follows one kind: a list, then a watch, then the next watch from where that one ended, as long as it is wanted."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dagship.cluster.api import Cluster
from dagship.cluster.failures import Expired, Unreachable
from dagship.cluster.retry import backoff
from dagship.cluster.watch import Event, Watch

# A watch that stood this long was no failure to begin with: the next one is opened at once.
_STOOD_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Listed:
    """All objects there are, as of a resourceVersion."""

    objects: list[dict[str, Any]]
    version: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A watch stands: what is known is what the server has."""


@dataclass(frozen=True, kw_only=True)
class Lost:
    """There is no watch at the moment; `why` is None where the last one ended in order."""

    why: Unreachable | None


Report = Listed | Standing | Event | Lost


class Follower:
    """Follows the objects of one kind.

    Args:
        cluster: Whose objects; one without patience, since the pauses are made here.
        kind: The kind.

    """

    def __init__(self, cluster: Cluster, kind: str) -> None:
        self._cluster = cluster
        self._kind = kind
        self._version = ""
        self._leaving = threading.Event()
        self._lock = threading.Lock()
        self._open: Watch | None = None

    def reports(self) -> Iterator[Report]:
        """Yields what happens until `stop`.

        Raises:
            OutsideError: The server refuses.

        """
        attempt = 0
        while not self._leaving.is_set():
            began, why = time.monotonic(), None
            try:
                yield from self._once()
            except Expired:
                self._version = ""
            except Unreachable as failed:
                why = failed
            if self._leaving.is_set():
                return
            yield Lost(why=why)
            attempt = 0 if time.monotonic() - began > _STOOD_SECONDS else attempt + 1
            self._leaving.wait(pause(attempt, why.wait if why else 0.0))

    def stop(self) -> None:
        """Ends it from another thread."""
        self._leaving.set()
        with self._lock:
            if self._open is not None:
                self._open.stop()

    def _once(self) -> Iterator[Report]:
        if not self._version:
            objects, self._version = self._cluster.listing(self._kind)
            yield Listed(objects=objects, version=self._version)
        watch = self._cluster.watch(self._kind, self._version)
        with self._lock:
            self._open = watch
        try:
            yield Standing()
            if self._leaving.is_set():  # it was not there yet to be stopped
                watch.stop()
            for event in watch:
                yield event
                self._version = event.object["metadata"]["resourceVersion"]
        finally:
            with self._lock:
                self._open = None
            watch.close()


def pause(attempt: int, wait: float) -> float:
    """Returns the seconds before the next watch: none at first, so that a dropped one is taken up at once."""
    return max(wait, backoff(attempt - 2) if attempt > 1 else 0.0)
