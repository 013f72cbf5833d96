"""One rollout at a time: a Lease of the namespace, taken before the first change, renewed while held, given back after.

Whoever wants the lease watches it, and takes it over from one that has stopped to renew it. Every write carries the
resource version it was decided on, so that of two who want it at once the server lets one have it.

A lease advises: between `check` and the write after it another may come. After `check` it is this one's for at least
a third of `duration`, which is as long as the gateway tries a request by default.
"""

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from dagship.cluster.api import Cluster
from dagship.cluster.failures import Conflict, NotFound
from dagship.errors import OutsideError, Refused
from dagship.record import actor
from dagship.record.lease_spec import Sight, holder_of, is_free, sight, written
from dagship.terminal.console import Console

_KIND = "Lease"
# How long the API server may be away while the lock is held, seconds: an upgrade of its own takes about a minute.
PATIENCE = 180.0
# Conflicts in a row that are nobody's taking of the lease, as when somebody labels it.
_TRIES = 5
# Unlike Python's monotonic clock this one goes on while the machine sleeps: an hour asleep is an hour not renewed.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _now() -> float:
    return time.clock_gettime(_CLOCK)


class Lease:
    """The right to change the Airflow of a namespace; give it back by leaving the context.

    Args:
        cluster: The cluster, and the namespace in it.
        name: The lease's name.
        holder: Who this is, for people: a user and a machine, or a CI job. Need not be unique.
        duration: Seconds without a renewal after which another may take it.

    """

    def __init__(self, cluster: Cluster, *, name: str = "dagship", holder: str, duration: float = 30.0) -> None:
        self._cluster = cluster
        self._name = name
        # Two CI jobs may well have the same name, host and process id.
        self._identity = f"{holder}#{secrets.token_hex(4)}"
        self._duration = duration
        self._guard = threading.Lock()
        self._lease: dict[str, Any] = {}
        self._renewed = 0.0
        self._lost = "The lease was not taken."
        self._stop = threading.Event()

    def acquire(self, *, wait: bool, say: Callable[[str], None]) -> None:
        """Takes the lease, and keeps it until it is released.

        That its holder lives shows within a third of the duration, when it renews; that it is gone, after the whole.

        Args:
            wait: Whether to wait for a holder that lives.
            say: Is told who has it, and of a take-over.

        Raises:
            Refused: A holder that lives has it, and `wait` is false.
            OutsideError: The API server does not answer, or does not allow it.

        """
        seen: Sight | None = None
        told = ""
        while True:
            lease = self._look()
            seen = sight(seen, lease, now=_now(), duration=self._duration)
            holder = holder_of(lease)
            if is_free(lease, seen, identity=self._identity, duration=self._duration):
                if self._took(lease):
                    break
                continue
            if seen.alive and not wait:
                raise Refused(
                    f"Another rollout is under way in the namespace {self._cluster.namespace}: {holder}.",
                    "Run this again when that one has ended, or let it wait: without --no-wait.",
                )
            if holder != told:
                told = holder
                say(f"the lease {self._name} is held by {holder}; {'waiting' if wait else 'looking whether it lives'}")
            time.sleep(self._duration / 15)
        if holder and holder == told:
            say(f"took the lease {self._name} over from {holder}, who is gone")
        threading.Thread(target=self._keep, name=f"lease {self._name}", daemon=True).start()

    def check(self) -> None:
        """Makes sure before a change that the lease is still this one's.

        When it could not be renewed for a while, because the API server was away, that is done first.

        Raises:
            Refused: Another took it, or somebody deleted it.
            OutsideError: It cannot be renewed, so that another may have it by now.

        """
        with self._guard:
            if self._lost or _now() - self._renewed > self._duration * 2 / 3:
                self._renew(self._cluster)

    def release(self) -> None:
        """Gives the lease back if this one has it. Where that fails it runs out by itself."""
        self._stop.set()
        with self._guard:
            if self._lost:
                return
            # Who ends because the API server is away must not wait for it here once more.
            with contextlib.suppress(OutsideError, Refused):
                self._write(self._cluster.patient(min(self._cluster.patience, self._duration / 10)), "")
            self._lost = "The lease was given back."

    def __enter__(self) -> Self:
        """Takes nothing yet: `acquire` does."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Gives the lease back, whatever happened."""
        self.release()

    def _look(self) -> dict[str, Any]:
        while True:
            try:
                return self._cluster.get(_KIND, self._name)
            except NotFound:
                pass
            try:
                # Nobody's: taking it is the same write whether it is new or not.
                labels = {"app.kubernetes.io/managed-by": "dagship"}
                body = {"metadata": {"name": self._name, "labels": labels}, "spec": {"holderIdentity": ""}}
                return self._cluster.create(_KIND, body)
            except Conflict:
                continue

    def _took(self, lease: dict[str, Any]) -> bool:
        began = _now()
        try:
            self._lease = self._replace(self._cluster, lease, self._identity)
        except (Conflict, NotFound):
            return False
        self._renewed, self._lost = began, ""
        return True

    def _keep(self) -> None:
        keeper = self._cluster.patient(0)  # whoever gives the lease back waits for a try under way
        pause = self._duration / 3
        while not self._stop.wait(pause):
            with self._guard:
                if self._lost or self._stop.is_set():
                    return
                try:
                    self._renew(keeper)
                    pause = self._duration / 3
                except Refused:
                    return  # `check` tells it
                except OutsideError:
                    pause = self._duration / 30

    def _renew(self, cluster: Cluster) -> None:
        began = _now()
        self._write(cluster, self._identity)
        self._renewed = began

    def _write(self, cluster: Cluster, identity: str) -> None:
        """Renews or gives back what this one holds."""
        for _ in range(_TRIES):
            if self._lost:
                raise Refused(
                    self._lost, "What this run did so far stays; see who else rolls out here, and run it again."
                )
            try:
                self._lease = self._replace(cluster, self._lease, identity)
            except (Conflict, NotFound):
                self._look_again(cluster)
            else:
                return
        raise OutsideError(f"The lease {self._name} cannot be renewed: others write to it all the time.")

    def _look_again(self, cluster: Cluster) -> None:
        # An answer of the server that was lost on the way leads here as well: then it is still this one's.
        try:
            self._lease = cluster.get(_KIND, self._name)
        except NotFound:
            self._lost = f"The lease {self._name} was deleted while this rollout held it."
            return
        if (self._lease.get("spec") or {}).get("holderIdentity") != self._identity:
            holder = holder_of(self._lease) or "another, who has ended since"
            self._lost = f"The lease {self._name} was taken by {holder} while this rollout could not renew it."

    def _replace(self, cluster: Cluster, lease: dict[str, Any], identity: str) -> dict[str, Any]:
        body = written(lease, identity=identity, duration=self._duration, moment=datetime.now(UTC))
        return cluster.replace(_KIND, self._name, body)


@contextlib.contextmanager
def held(cluster: Cluster, console: Console, *, wait: bool = True) -> Iterator[Lease]:
    """Takes the lock of a namespace while the block runs, and shows who else has it.

    Args:
        cluster: The namespace.
        console: Shows it.
        wait: Whether to wait for a holder that lives.

    Raises:
        Refused: A holder that lives has it, and `wait` is false.
        OutsideError: The API server does not answer, or does not allow it.

    """
    with Lease(cluster, holder=actor.who()) as lease:
        with console.step(f"Taking the lock of {cluster.namespace}") as step:

            def say(text: str) -> None:
                console.say(text)
                step.say(text)

            lease.acquire(wait=wait, say=say)
        yield lease
