"""One run of the machinery: where it works, and what it collects for its result."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from dagship.airflow.activity import Activity
from dagship.airflow.drain import Drains
from dagship.artifacts import Target
from dagship.diagnosis.failure import Failure
from dagship.health.watcher import Last, Pods, Watcher
from dagship.record import config_map
from dagship.record.model import Move, Record
from dagship.rollout.options import Asked
from dagship.rollout.plan import drift
from dagship.rollout.plan.model import Planned
from dagship.rollout.results import RolloutResult

if TYPE_CHECKING:
    from dagship.board import Board
    from dagship.cluster.api import Cluster
    from dagship.cluster.feed import Feed
    from dagship.console import Console
    from dagship.health.expectation import Expectation
    from dagship.record.lease import Lease


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a run holds while it moves things.

    Attributes:
        feed: Keeps the namespace's objects.
        lease: The lease.
        planned: What is to be done.
        written: The record as it was before.
        answers: By object, the moves that the server made other images of than were asked for.

    """

    feed: "Feed"
    lease: "Lease"
    planned: Planned
    written: Record
    answers: dict[str, Move] = field(default_factory=dict)

    @property
    def may_say(self) -> drift.Known:
        """What fields may say that is ours."""
        return drift.known((*self.planned.moves, *self.answers.values()), self.written.journal)

    @property
    def came(self) -> Planned:
        """What was planned, with the images that the server answered with, as far as it did."""
        moves = tuple(self.answers.get(move.key, move) for move in self.planned.moves)
        return replace(self.planned, moves=moves)

    def keep(self, asked: Move, answer: Move) -> bool:
        """Keeps what the server made of a move; returns whether that is news."""
        if answer in (asked, self.answers.get(asked.key)):
            return False
        self.answers[asked.key] = answer
        return True


@dataclass(kw_only=True)
class Run:
    """What every phase works with.

    Attributes:
        cluster: The namespace.
        console: Shows progress.
        asked: What the caller wants.
        record: The ConfigMap of the record as this run read or wrote it last.
        seconds: Seconds by phase so far.
        warnings: What was noticed so far, in order.
        activity: What Airflow said of its runs and tasks last, before anything moved; None when it could not be asked.
        unasked: Why it could not.
        drains: The pods that end, once things move.
        careless: Pods whose tasks do not survive SIGTERM.
        when: When Airflow was asked, by this machine's monotonic clock.

    """

    cluster: "Cluster"
    console: "Console"
    asked: Asked
    record: dict[str, Any] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)
    activity: Activity | None = None
    unasked: str = ""
    drains: Drains | None = None
    careless: frozenset[str] = frozenset()
    when: float = 0.0

    def store(self, lease: "Lease", written: Record) -> None:
        """Writes the record, as long as nobody else may."""
        lease.check()
        kept, gone = config_map.fit(written)
        self.record = config_map.store(self.cluster, kept, self.record)
        if gone:
            first = kept.releases[0].number
            self.warn([f"the record has no room for release {', '.join(map(str, gone))}: rollback reaches to {first}"])

    def watcher(self, held: Held, board: "Board", target: Target | None) -> Watcher:
        """Returns a watcher for the way to `target`, or for the way back."""
        # An image for several platforms may be reported by the digest of one of them.
        ids = frozenset({target.digest}) if target and len(target.platforms) == 1 else frozenset[str]()
        return Watcher(
            cluster=self.cluster,
            feed=held.feed,
            check=held.lease.check,
            board=board,
            ids=ids,
            timeout=self.asked.timeout,
            undoing=target is None,
            warnings=self.warnings,
            clock=self.cluster.clock,
            at_once=1 if target is None else self.asked.max_unavailable,
            observe=self._follow,
        )

    def _follow(self, expected: "Expectation", pods: Pods, now: float, last: Last) -> str:
        """Says what of a workload's pods drains, where that is followed."""
        if self.drains is None:
            return ""
        return self.drains.see(expected.key, pods, now, worker=expected.tasks_run_here, last=last)

    def warn(self, found: Iterable[str]) -> None:
        """Keeps what was noticed, and shows what of it is new."""
        for said in found:
            if said not in self.warnings:
                self.warnings[said] = None
                self.console.warn(said)

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Counts the seconds of a phase."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[phase] = round(time.monotonic() - began, 2)

    def result(
        self,
        planned: Planned,
        outcome: Literal["moved", "unchanged", "planned", "undone", "left"],
        *,
        release: int | None = None,
        failure: Failure | None = None,
        state: str = "",
    ) -> RolloutResult:
        """Returns what the run came to."""
        return RolloutResult(
            passed=failure is None,
            outcome=outcome,
            namespace=self.cluster.namespace,
            context=self.cluster.context,
            image=planned.target.image,
            dag_version=planned.target.dag_version,
            airflow=planned.target.airflow,
            release=release,
            moves=planned.moves,
            live=self.activity,
            failure=failure,
            state=state,
            warnings=tuple(self.warnings),
            seconds=self.seconds,
            requests=sum(self.cluster.requests.values()),
        )
