"""What a caller asks for, what is planned for it, and what goes into the record of it. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from dagship.airflow.activity import LiveRuns
from dagship.record import actor, config_map
from dagship.record.model import Journal, Move, Record, Release, Target
from dagship.rollout.survey import Survey


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the caller wants of any of the three ways to move.

    Attributes:
        selector: Label selector that workloads must match, or empty.
        names: `kind/name` of the workloads to move; empty for all that run the image.
        from_image: Repository whose place the image takes, or empty.
        timeout: Seconds that a workload may stand still.
        dry_run: Whether to stop before the first change.
        undo: Whether to go back on failure.
        wait: Whether to wait for another rollout to end.
        force_ownership: Whether to take the image from another tool that owns it.
        allow_airflow_change: Whether Airflow's own version may change.
        hold: Seconds to wait, on Airflow 2, until no run of a DAG that changes is under way; None not to hold them.
        wait_for_runs: Seconds to wait for runs that need a DAG version which the image lacks; None not to wait.
        interrupt_tasks: Whether running tasks and unfinished runs may be lost.
        max_unavailable: Worker pods of a StatefulSet that may be away at a time.

    """

    selector: str = ""
    names: tuple[str, ...] = ()
    from_image: str = ""
    timeout: float = 600.0
    dry_run: bool = False
    undo: bool = True
    wait: bool = True
    force_ownership: bool = False
    allow_airflow_change: bool = False
    hold: float | None = None
    wait_for_runs: float | None = None
    interrupt_tasks: bool = False
    max_unavailable: int = 1


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What is to be done.

    Attributes:
        kind: What the release will be called.
        target: The image to move to; an empty one for a return to what dagship found.
        moves: The objects, in their order.
        warnings: What was noticed.
        undo: Whether the moves are to be taken back, and not made.

    """

    kind: Literal["rollout", "rollback"]
    target: Target
    moves: tuple[Move, ...]
    warnings: tuple[str, ...] = ()
    undo: bool = False


# The record is one object of limited size, and no image has room for more: each version is a layer.
_VERSIONS = 128

Planner = Callable[[Survey], Planned]


def journal_of(planned: Planned, before: Journal | None) -> Journal:
    """Returns what the cluster is told of a rollout before its first change, and of the unfinished one `before` it."""
    earlier = (*before.moves, *before.earlier) if before else ()
    return Journal(
        state="moving",
        kind=planned.kind,
        image=planned.target.image,
        dag_version=planned.target.dag_version,
        dag_versions=planned.target.dag_versions[:_VERSIONS],
        airflow=planned.target.airflow,
        who=actor.who(),
        job=actor.job(),
        began=_now(),
        moves=planned.moves,
        earlier=tuple(move for move in dict.fromkeys(earlier) if move not in planned.moves),
    )


def released(before: Record, planned: Planned, live: LiveRuns | None) -> Record:
    """Returns the record after a rollout that succeeded; the first one also leaves what it found, to return to.

    Args:
        before: The record when it began.
        planned: What was done.
        live: What Airflow said before anything moved; None when it could not be asked.

    """
    releases = before.releases or (_found(None if before.journal else live),)
    if releases[0].kind == "found":
        found = (*releases[0].moves, *_new_to(releases, planned.moves))
        releases = (releases[0].model_copy(update={"moves": found}), *releases[1:])
    journal = journal_of(planned, None)
    release = Release(
        number=releases[-1].number + 1,
        kind=planned.kind,
        image=journal.image,
        dag_version=journal.dag_version,
        dag_versions=journal.dag_versions,
        airflow=journal.airflow,
        who=journal.who,
        job=journal.job,
        when=_now(),
        moves=tuple(
            move.model_copy(
                update={
                    "changes": tuple(change.model_copy(update={"before": None}) for change in move.changes),
                    "strategy": None,
                }
            )
            for move in planned.moves
        ),
    )
    return Record(releases=(*releases, release)[-config_map.KEPT :], hold=before.hold)


def _found(live: LiveRuns | None) -> Release:
    """What ran before the first rollout, as far as Airflow said; nothing where one that was cut off has moved some."""
    said = live or LiveRuns()
    return Release(
        number=0,
        kind="found",
        image="",
        dag_version=said.current if said.baked else "",
        dag_versions=said.held[:_VERSIONS] if said.baked else (),
        airflow=said.airflow,
        when=_now(),
        moves=(),
    )


def _new_to(releases: Iterable[Release], moves: Iterable[Move]) -> tuple[Move, ...]:
    """What no release has yet, as it was found: a workload may be adopted later than others."""
    have = {(move.key, change.key) for release in releases for move in release.moves for change in move.changes}
    adopted = []
    for move in moves:
        changes = tuple(
            change.model_copy(update={"after": change.before})
            for change in move.changes
            if (move.key, change.key) not in have
        )
        if changes:
            adopted.append(move.model_copy(update={"changes": changes, "strategy": None}))
    return tuple(adopted)


def is_last(written: Record, planned: Planned) -> bool:
    """Whether the last release recorded already says what is planned."""
    if not written.releases or written.releases[-1].image != planned.target.image:
        return False
    if is_another_version(written.releases[-1].dag_version, planned.target.dag_version):
        return False
    # What dagship found is no one image: it is told by its fields.
    return planned.target.image != "" or _after(written.releases[-1].moves) == _after(planned.moves)


def is_another_version(one: str, other: str) -> bool:
    """Whether two DAG versions are known and differ."""
    return bool(one and other) and one != other


def _after(moves: Iterable[Move]) -> set[tuple[object, ...]]:
    return {(move.key, change.key, change.after) for move in moves for change in move.changes}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
