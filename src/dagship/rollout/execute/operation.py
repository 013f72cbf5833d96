"""One rollout, rollback or undo: where it works, what is planned, what was observed, and what it comes to."""

import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from dagship.airflow import query
from dagship.airflow.activity import Activity
from dagship.airflow.drain import Drains
from dagship.airflow.query import Airflow
from dagship.airflow_api.api import Api
from dagship.diagnosis.failure import Failure
from dagship.health.watcher import Watcher
from dagship.model.artifacts import Target
from dagship.model.kept_document import KeptDocument
from dagship.record.actor import signature
from dagship.record.ledger import Ledger
from dagship.record.model import Journal, Move
from dagship.rollout.execute.announce import Fetch, Needs, Written, no_registry
from dagship.rollout.execute.history import journal_of
from dagship.rollout.execute.tell import NOTHING, Compare, Told
from dagship.rollout.options import RolloutOptions
from dagship.rollout.plan import drift, known_image
from dagship.rollout.plan.model import Planned
from dagship.rollout.results import RolloutResult
from dagship.rollout.survey import Survey
from dagship.timing import timed

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster
    from dagship.cluster.feed import Feed
    from dagship.terminal.board import Board
    from dagship.terminal.console import Console, Step


@dataclass(frozen=True, kw_only=True)
class Notes:
    """The warnings and the seconds of an operation, from the first look to the last count.

    Attributes:
        console: Shows it.
        warnings: What was noticed, in order; each is shown once.
        seconds: Seconds by phase.
        began: When it began, by this machine's monotonic clock.

    """

    console: "Console"
    warnings: dict[str, None] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def warn(self, found: Iterable[str]) -> None:
        """Keeps what was noticed, and shows what of it is new."""
        for said in found:
            if said not in self.warnings:
                self.warnings[said] = None
                self.console.warn(said)

    def timed(self, phase: str) -> AbstractContextManager[None]:
        """Counts the seconds of a phase."""
        return timed(self.seconds, phase)

    @contextmanager
    def step(self, phase: str, title: str) -> "Iterator[Step]":
        """Shows a phase as a step, and counts its seconds."""
        with timed(self.seconds, phase), self.console.step(title) as step:
            yield step

    @contextmanager
    def board(self, phase: str, title: str) -> "Iterator[Board]":
        """Shows the workloads of a phase, and counts its seconds."""
        with timed(self.seconds, phase), self.console.board(title) as board:
            yield board


@dataclass(frozen=True, kw_only=True)
class Observed:
    """Airflow's answer, before anything moved, about its runs and tasks.

    Attributes:
        activity: Its runs and tasks; None when it could not be asked.
        why_not: Why it could not.
        at: When it was asked, by this machine's monotonic clock.

    """

    activity: Activity | None = None
    why_not: str = ""
    at: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Before:
    """What Airflow served before anything moved.

    Attributes:
        version: The DAG version, or empty where it did not say.
        broken: Files that could not be imported; None where that is not known.
        asked: When that was so, epoch seconds by the clock of who was asked; 0 where that is not known.

    """

    version: str = ""
    broken: tuple[str, ...] | None = None
    asked: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A rollout, rollback or undo under way, as each phase takes it; one that learns more returns another.

    Attributes:
        cluster: The namespace.
        options: What the caller wants.
        notes: What is collected for the result.
        survey: What the namespace held when it was last read.
        plan: What is to be done.
        meant: The workloads of the Airflow that is meant, where a namespace has several.
        observed: What Airflow said.
        careless: Pods whose tasks do not survive SIGTERM.
        fetch: Returns the package that a thin image brings.
        compare: Compares the image with the last release.
        api: Airflow's REST API; None where there is no token for it.

    """

    cluster: "Cluster"
    options: RolloutOptions
    notes: Notes
    survey: Survey
    plan: Planned
    meant: frozenset[str] = frozenset()
    observed: Observed = Observed()
    careless: frozenset[str] = frozenset()
    fetch: Fetch = no_registry
    compare: Compare = NOTHING
    api: Api | None = None

    @property
    def needs(self) -> Needs:
        """What is to be there besides an announcement."""
        return Needs(fetch=self.fetch, activity=self.observed.activity, releases=self.survey.record.releases)

    @property
    def console(self) -> "Console":
        """Shows progress."""
        return self.notes.console

    @property
    def airflow(self) -> Airflow:
        """The Airflow that is meant."""
        image = known_image.of(self.survey, self.meant)
        return query.connect(self.cluster, self.survey.inventory, self.meant, api=self.api, image=image)

    @property
    def unfinished(self) -> Journal | None:
        """The rollout that was cut off, from which this one goes on."""
        return self.survey.record.journal

    @property
    def own_values(self) -> drift.OwnValues:
        """Values that dagship itself may have written."""
        return drift.own_values(self.plan.moves, self.unfinished)

    def result(
        self,
        outcome: Literal["moved", "unchanged", "planned", "undone", "left"],
        *,
        served: bool = False,
        proven: tuple[str, ...] = (),
        release: int | None = None,
        failure: Failure | None = None,
        state: str = "",
        told: Told = "",
    ) -> RolloutResult:
        """Returns what it came to."""
        plan = self.plan
        return RolloutResult(
            passed=failure is None,
            outcome=outcome,
            namespace=self.cluster.namespace,
            context=self.cluster.context,
            way=plan.way,
            image=plan.target.image,
            release=release,
            moves=plan.moves,
            live=self.observed.activity,
            failure=failure,
            state=state,
            warnings=tuple(self.notes.warnings),
            seconds=self.notes.seconds,
            served=round(time.monotonic() - self.notes.began, 2) if served else None,
            proven=proven,
            changes=told if isinstance(told, KeptDocument) else None,
            changes_unknown=told if isinstance(told, str) else "",
            requests=sum(self.cluster.requests.values()),
            **plan.target.facts(RolloutResult),
        )


@dataclass(frozen=True, kw_only=True)
class Moving:
    """An operation while it moves things.

    Attributes:
        operation: The operation.
        ledger: The record, under the lock.
        feed: Keeps the namespace's objects.
        drains: The pods that end.
        answers: By object, the moves that the server made other images of than were asked for.
        announced: By ConfigMap, what was written there last.
        before: What Airflow served before; None where nothing is waited for.

    """

    operation: Operation
    ledger: Ledger
    feed: "Feed"
    drains: Drains
    answers: dict[str, Move] = field(default_factory=dict)
    announced: dict[str, Written] = field(default_factory=dict)
    before: Before | None = None

    @property
    def own_values(self) -> drift.OwnValues:
        """Values that dagship itself may have written, what the server answered with among them."""
        operation = self.operation
        return drift.own_values((*operation.plan.moves, *self.answers.values()), operation.unfinished)

    @property
    def came(self) -> Planned:
        """The plan, with the images that the server answered with, as far as it did."""
        plan = self.operation.plan
        return replace(plan, moves=tuple(self.answers.get(move.key, move) for move in plan.moves))

    def keep(self, asked: Move, answer: Move) -> bool:
        """Keeps what the server made of a move; returns whether that is news."""
        if answer in (asked, self.answers.get(asked.key)):
            return False
        self.answers[asked.key] = answer
        return True

    def write_journal(self, state: Literal["moving", "serving", "undoing", "left"] = "moving") -> None:
        """Writes down how far it is."""
        broken = self.before.broken if self.before else None
        journal = journal_of(self.came, self.operation.unfinished, signature(), broken=broken)
        self.ledger.journal(journal.model_copy(update={"state": state}))

    def watcher(self, board: "Board", target: Target | None) -> Watcher:
        """Returns a watcher for the way to `target`, or for the way back."""
        operation = self.operation
        # An image for several platforms may be reported by the digest of one of them.
        ids = frozenset({target.digest}) if target and len(target.platforms) == 1 else frozenset[str]()
        return Watcher(
            cluster=operation.cluster,
            feed=self.feed,
            check=self.ledger.check,
            board=board,
            ids=ids,
            timeout=operation.options.timeout,
            undoing=target is None,
            warnings=operation.notes.warnings,
            clock=operation.cluster.clock,
            at_once=1 if target is None else operation.options.max_unavailable,
            observe=self.drains.see,
        )

    def result(
        self,
        outcome: Literal["moved", "unchanged", "undone", "left"],
        *,
        release: int | None = None,
        failure: Failure | None = None,
        state: str = "",
    ) -> RolloutResult:
        """Returns what it came to, with what the server answered."""
        came = replace(self.operation, plan=self.came)
        return came.result(outcome, release=release, failure=failure, state=state)
