"""Waits until every workload of a release runs and its tables are made, and finds out early that they never will.

Workloads are seen by the `Watcher` of rollouts, all else by `Others`.
"""

from typing import TYPE_CHECKING, NamedTuple

from dagship.chart.labels import component, of_release
from dagship.chart.related_objects import NEEDED, Others
from dagship.cluster.feed import Feed
from dagship.diagnosis import events_and_logs
from dagship.diagnosis.failure import Failure
from dagship.health.watcher import Broken, Watcher
from dagship.record.model import Change, Move
from dagship.workloads import objects
from dagship.workloads.kinds import WATCHED

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster
    from dagship.console import Console
    from dagship.record.lease import Lease

_FED = (*WATCHED, "ReplicaSet", "Pod", "Job")


class Watched(NamedTuple):
    """What was seen of a release.

    Attributes:
        workloads: What was waited for.
        images: What Airflow's components run.
        failure: Why it will not come, if so.
        warnings: What was noticed.

    """

    workloads: tuple[str, ...]
    images: tuple[str, ...]
    failure: Failure | None
    warnings: tuple[str, ...]


def watch(
    cluster: "Cluster", lease: "Lease", console: "Console", release: str, *, timeout: float, began: float
) -> Watched:
    """Waits until a release runs.

    Args:
        cluster: The namespace.
        lease: Held meanwhile.
        console: Shows how things stand.
        release: Name of the release.
        timeout: Seconds that a workload may stand still.
        began: When the install began, epoch seconds by the cluster's clock: what failed before then says nothing.

    Raises:
        OutsideError: The API server was away for too long.

    """
    with Feed(cluster, _FED) as feed, console.board(f"Starting {release}") as board:
        moves = _moves(feed, release)
        others = Others(cluster=cluster, feed=feed, board=board, release=release, began=began)
        watcher = Watcher(
            cluster=cluster,
            feed=feed,
            lease=lease,
            board=board,
            ids=frozenset(),
            timeout=timeout,
            clock=cluster.clock,
            also=others.are_there,
            excused=others.excuse,
        )
        failure = None
        try:
            watcher.until_done(moves)
        except Broken as broken:
            board.failed = True
            failure = events_and_logs.failure(cluster, broken)
        images = _images(feed, release)
        jobs = [f"job/{job['metadata']['name']}" for job in others.jobs()]
    return Watched(
        workloads=(*(move.key for move in moves), *jobs),
        images=images,
        failure=failure,
        warnings=tuple(watcher.warnings),
    )


def _images(feed: "Feed", release: str) -> tuple[str, ...]:
    """What Airflow's components run; its database and broker have images of their own."""
    found = (raw for kind in WATCHED for raw in of_release(feed.objects(kind).values(), release))
    main = {objects.images(raw).get(component(raw), "") for raw in found if component(raw) not in NEEDED}
    return tuple(sorted(main - {""}))


def _moves(feed: "Feed", release: str) -> tuple[Move, ...]:
    """What to wait for: that each workload runs what it says."""
    return tuple(
        Move(
            kind=kind,
            name=raw["metadata"]["name"],
            changes=tuple(
                Change(field="image", container=name, after=image) for name, image in objects.images(raw).items()
            ),
        )
        for kind in WATCHED
        for raw in of_release(feed.objects(kind).values(), release)
    )
