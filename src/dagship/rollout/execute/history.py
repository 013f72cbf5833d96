"""The journal of a rollout under way and the release after it, as the record keeps them. Pure."""

from collections.abc import Iterable

from dagship.airflow.activity import Activity
from dagship.model.kept_document import KeptDocument
from dagship.record.model import KEPT, Journal, Move, Record, Release, Signature
from dagship.rollout.plan.dag_version import is_another_version
from dagship.rollout.plan.model import Planned

# The record is one object of limited size, and no image has room for more: each version is a layer.
_VERSIONS = 128
_BROKEN = 1000


def journal_of(
    planned: Planned, before: Journal | None, signed: Signature, *, broken: tuple[str, ...] | None = None
) -> Journal:
    """Returns what the cluster is told of a rollout before its first change.

    Args:
        planned: What is to be done.
        before: The unfinished rollout before it, if there is one.
        signed: Who does it, and since when.
        broken: DAG files that could not be imported before; None where that is not known.

    """
    earlier = (*before.moves, *before.earlier) if before else ()
    target = planned.target
    facts = target.facts(Journal) | {
        "dag_versions": target.dag_versions[:_VERSIONS],
        # Each takes five times the room of an id, and a way back needs that of its own version alone.
        "dag_digests": target.dag_digests[:1],
    }
    return Journal(
        state="moving",
        kind=planned.kind,
        image=planned.target.image,
        who=signed.who,
        job=signed.job,
        began=signed.when,
        moves=planned.moves,
        earlier=tuple(move for move in dict.fromkeys(earlier) if move not in planned.moves),
        broken=None if broken is None else broken[:_BROKEN],
        **facts,
    )


def released(
    written: Record,
    planned: Planned,
    activity: Activity | None,
    signed: Signature,
    *,
    unfinished: Journal | None = None,
    served: str = "",
    proven: tuple[str, ...] = (),
    changes: KeptDocument | None = None,
) -> Record:
    """Returns the record after a rollout that succeeded; the first one also leaves what it found, to return to.

    Args:
        written: The record as it is.
        planned: What was done.
        activity: What Airflow said before anything moved; None when it could not be asked.
        signed: Who did it, and when it was done.
        unfinished: The rollout that was cut off, from which this one went on.
        served: When Airflow was seen to serve it, ISO 8601 in UTC, or empty.
        proven: DAGs of which a run ended well at it.
        changes: What it changed; None where that is not known.

    """
    releases = written.releases or (_found(None if unfinished else activity, signed.when),)
    if releases[0].kind == "found":
        found = (*releases[0].moves, *_new_to(releases, planned.moves))
        releases = (releases[0].model_copy(update={"moves": found}), *releases[1:])
    journal = journal_of(planned, None, signed)
    release = Release(
        number=releases[-1].number + 1,
        kind=planned.kind,
        image=journal.image,
        who=journal.who,
        job=journal.job,
        when=signed.when,
        served=served,
        proven=proven,
        changes=changes,
        moves=tuple(
            move.model_copy(
                update={
                    "changes": tuple(change.model_copy(update={"before": None}) for change in move.changes),
                    "strategy": None,
                }
            )
            for move in planned.moves
        ),
        **journal.facts(Release),
    )
    return Record(releases=(*releases, release)[-KEPT:], hold=written.hold)


def _found(activity: Activity | None, when: str) -> Release:
    """Returns the release of what was found, as far as Airflow said; without that where one cut off has moved some."""
    said = activity or Activity()
    return Release(
        number=0,
        kind="found",
        image="",
        dag_version=said.current if said.baked else "",
        dag_versions=said.held[:_VERSIONS] if said.baked else (),
        airflow=said.airflow,
        when=when,
        moves=(),
    )


def _new_to(releases: Iterable[Release], moves: Iterable[Move]) -> tuple[Move, ...]:
    """Returns the moves of fields that no release has yet: a workload may be adopted later than others."""
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


def _after(moves: Iterable[Move]) -> set[tuple[object, ...]]:
    return {(move.key, change.key, change.after) for move in moves for change in move.changes}
