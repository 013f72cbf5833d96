"""`DAGSHIP_DAG_VERSION`: makes an image serve one of its older DAG versions. Pure."""

from collections.abc import Iterable, Sequence

from dagship.airflow.activity import Activity
from dagship.record.model import Change, Move, Release
from dagship.workloads.spec import Workload

# What the bundle in the image announces, if it is set (docs/reference/image.md).
POINTER = "DAGSHIP_DAG_VERSION"


def with_image(workload: Workload, version: str) -> tuple[Change, ...]:
    """Returns what has a workload announce a version of the image that it moves to.

    Args:
        workload: The workload; only a dag-processor announces anything.
        version: The DAG version; empty for the image's own, so that what a rollback pointed at goes.

    """
    if workload.role != "dag-processor":
        return ()
    main = workload.main
    return tuple(
        Change(
            field="env",
            container=container.name,
            name=POINTER,
            before=container.env.get(POINTER),
            after=version or None if container is main else None,
        )
        for container in workload.containers
        if not container.init and (POINTER in container.env or (version and container is main))
    )


def to_version(
    moves: Iterable[Move], workloads: Iterable[Workload], version: str, activity: Activity, *, begun: bool
) -> tuple[Move, ...] | None:
    """Returns the moves that make the image that runs announce another of the DAG versions it holds.

    Args:
        moves: The moves to an image: whatever runs Airflow is in them.
        workloads: The workloads that they are about.
        version: The DAG version.
        activity: What Airflow says of the image.
        begun: Whether an unfinished rollback does this already.

    Returns:
        Those of the dag-processor; None where that is not enough: the image does not hold the version, announces it
        already, or is not everywhere.

    """
    moves = tuple(moves)
    images = {change.before for move in moves for change in move.changes if change.field == "image"}
    by_key = {workload.key: workload for workload in workloads}
    processors = [by_key[move.key] for move in moves if move.role == "dag-processor" and move.key in by_key]
    if not activity.baked or not version or version not in activity.held or len(images) != 1 or not processors:
        return None
    pointed = []
    for workload in processors:
        main = workload.main
        before = main.env.get(POINTER)
        if (before or activity.current) == version and not begun:
            return None
        after = None if version == activity.current else version
        change = Change(field="env", container=main.name, name=POINTER, before=before, after=after)
        pointed.append(Move(kind=workload.kind, name=workload.name, role=workload.role, changes=(change,)))
    return tuple(pointed)


def announced(workloads: Iterable[Workload], activity: Activity) -> str:
    """Returns the DAG version that new runs get: what a dag-processor is told to announce, else the current one."""
    told = (workload.main.env.get(POINTER) for workload in workloads if workload.role == "dag-processor")
    # The image ignores one that it does not hold.
    return next((version for version in told if version in activity.held), activity.current)


def is_pointing(moves: Iterable[Move]) -> bool:
    """Whether moves make the image that runs announce another version, and change no image."""
    fields = {(change.field, change.name) for move in moves for change in move.changes}
    return fields == {("env", POINTER)}


def is_announcing(moves: Iterable[Move]) -> bool:
    """Whether moves announce a DAG version to the image that runs, and change no image."""
    return {move.role for move in moves} == {"announcement"}


def of_release(release: Release) -> str:
    """Returns the DAG version that a release has its image announce instead of its own, or empty."""
    changes = (change for move in release.moves for change in move.changes)
    return next((change.after for change in changes if change.name == POINTER and change.after), "")


def serving(releases: Sequence[Release]) -> str:
    """Returns the image, by digest, whose own DAG version the last release announces; empty where none is known.

    A rollback within an image has it announce an older version, which is another image's own.
    """
    last = releases[-1] if releases else None
    if last is None or not last.dag_version:
        return last.image if last is not None else ""
    own = (one for one in reversed(releases) if one.dag_version == last.dag_version and not of_release(one))
    return next((one.image for one in own if one.image), "")


def is_another_version(one: str, other: str) -> bool:
    """Whether two DAG versions are known and differ."""
    return bool(one and other) and one != other
