"""The objects of some kinds as the server has them, kept up to date by watches: nothing is asked by the clock."""

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from dagship.cluster.api import Cluster
from dagship.cluster.failures import Unreachable
from dagship.cluster.follower import Follower, Listed, Lost, Report, Standing
from dagship.cluster.store import Store

# A thread that is left while it waits for a server's answer ends when that is over; it holds nobody up.
_LEAVE_SECONDS = 2.0


class Feed:
    """A live copy of all objects of some kinds in the cluster's namespace.

    One thread for each kind lists, then watches; a watch that ends is taken up where it was, and the list is read again
    only when the server no longer has what came since. A server that is away is asked again, with pauses of up to five
    seconds, without end; but while it has been away for longer than the cluster's patience, `objects` and `changed`
    raise.

    Args:
        cluster: Whose objects; its patience holds.
        kinds: Kinds to keep.

    """

    def __init__(self, cluster: Cluster, kinds: Sequence[str]) -> None:
        self._server = cluster.server
        self._patience = cluster.patience
        self._stores = {kind: Store() for kind in kinds}
        self._unlisted = set(kinds)
        self._lost: dict[str, float] = {}
        self._why: Unreachable | None = None
        self._failure: Exception | None = None
        self._count = 0
        self._news = threading.Condition()
        self._followers = {kind: Follower(cluster.patient(0), kind) for kind in kinds}
        self._threads = [
            threading.Thread(target=self._follow, args=(kind,), name=f"feed of {kind}", daemon=True) for kind in kinds
        ]

    def __enter__(self) -> Self:
        """Returns once every kind was listed.

        Raises:
            Unreachable: The server was away for longer than the cluster's patience.
            OutsideError: The server refuses; Forbidden where one of the kinds may not be listed or watched.

        """
        self._lost = dict.fromkeys(self._stores, time.monotonic())
        for thread in self._threads:
            thread.start()
        try:
            with self._news:
                while self._unlisted:
                    self._check()
                    self._news.wait(self._patience_left())
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the watches and their threads."""
        self._leave()

    @property
    def age(self) -> float:
        """Seconds since the last contact was lost; 0.0 while all watches stand."""
        with self._news:
            return time.monotonic() - min(self._lost.values()) if self._lost else 0.0

    def objects(self, kind: str) -> dict[str, dict[str, Any]]:
        """Returns the objects of a kind by name, as last known; not to be changed.

        Raises:
            Unreachable: The server has been away for longer than the cluster's patience.
            OutsideError: The server refuses.

        """
        with self._news:
            self._check()
            return dict(self._stores[kind].objects)

    def ended(self, kind: str, uid: str) -> dict[str, Any] | None:
        """Returns an object as it was at last, None unless a watch told of its deletion; not to be changed."""
        with self._news:
            return self._stores[kind].ended.get(uid)

    def changed(self, after: int, timeout: float) -> int:
        """Waits for news.

        Args:
            after: The count of changes that the caller knows of.
            timeout: Seconds to wait at most.

        Returns:
            The count of changes so far: above `after`, unless the time is over.

        Raises:
            Unreachable: The server has been away for longer than the cluster's patience.
            OutsideError: The server refuses.

        """
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                self._check()
                left = deadline - time.monotonic()
                if self._count > after or left <= 0:
                    return self._count
                self._news.wait(min(left, self._patience_left()))

    def put(self, kind: str, item: dict[str, Any]) -> None:
        """Takes an object that a write returned, unless the feed has a newer one (see `Store`)."""
        with self._news:
            self._tell(changed=self._stores[kind].put(item))

    def _follow(self, kind: str) -> None:
        """Takes in what happens to one kind, in a thread of its own."""
        try:
            for report in self._followers[kind].reports():
                with self._news:
                    self._tell(changed=self._take(kind, report))
        except Exception as failed:  # noqa: BLE001 - raised again where it is waited for
            with self._news:
                self._failure = failed
                self._tell(changed=False)

    def _take(self, kind: str, report: Report) -> bool:
        """Returns whether an object changed."""
        store = self._stores[kind]
        match report:
            case Listed():
                self._unlisted.discard(kind)
                return store.replace(report.objects, report.version)
            case Standing():
                self._lost.pop(kind, None)
                return False
            case Lost():
                self._lost.setdefault(kind, time.monotonic())
                self._why = report.why or self._why
                return False
        return store.take(report)

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._lost and self._patience_left() <= 0:
            raise self._why or Unreachable(f"The API server {self._server} does not answer.")

    def _patience_left(self) -> float:
        # Without end while all is well: a thread that loses contact wakes whoever waits.
        return min(self._lost.values()) + self._patience - time.monotonic() if self._lost else threading.TIMEOUT_MAX

    def _tell(self, *, changed: bool) -> None:
        self._count += changed
        self._news.notify_all()

    def _leave(self) -> None:
        for follower in self._followers.values():
            follower.stop()
        deadline = time.monotonic() + _LEAVE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
