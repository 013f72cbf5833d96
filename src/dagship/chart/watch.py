"""Waits until every workload of a release runs and its tables are made, and fails early if they never will.

The health of workloads is waited for as in a rollout, by `Watcher`; all else by `Others`.
"""

from typing import TYPE_CHECKING, NamedTuple

from dagship.chart.labels import component, of_release
from dagship.chart.related_objects import NEEDED, Others
from dagship.cluster.feed import Feed
from dagship.diagnosis import events_and_logs
from dagship.diagnosis.failure import Failure
from dagship.health.expectation import Expectation
from dagship.health.watcher import Watcher, WorkloadFailed
from dagship.workloads import objects
from dagship.workloads.kinds import FED, WATCHED

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster
    from dagship.record.lease import Lease
    from dagship.terminal.console import Console


class Watched(NamedTuple):
    """A release as the watch saw it.

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
    with Feed(cluster, (*FED, "Job")) as feed, console.board(f"Starting {release}") as board:
        expected = _expected(feed, release)
        others = Others(cluster=cluster, feed=feed, board=board, release=release, began=began)
        watcher = Watcher(
            cluster=cluster,
            feed=feed,
            check=lease.check,
            board=board,
            ids=frozenset(),
            timeout=timeout,
            clock=cluster.clock,
            also=others.are_there,
            excused=others.excuse,
        )
        failure = None
        try:
            watcher.until_done(expected)
        except WorkloadFailed as failed:
            board.failed = True
            failure = events_and_logs.failure(cluster, failed)
        images = _images(feed, release)
        jobs = [f"job/{job['metadata']['name']}" for job in others.jobs()]
    return Watched(
        workloads=(*(one.key for one in expected), *jobs),
        images=images,
        failure=failure,
        warnings=tuple(watcher.warnings),
    )


def _images(feed: "Feed", release: str) -> tuple[str, ...]:
    """The images of Airflow's components; its database and broker have images of their own."""
    found = (raw for kind in WATCHED for raw in of_release(feed.objects(kind).values(), release))
    main = {objects.images(raw).get(component(raw), "") for raw in found if component(raw) not in NEEDED}
    return tuple(sorted(main - {""}))


def _expected(feed: "Feed", release: str) -> tuple[Expectation, ...]:
    """Returns the expectations to wait for: that each workload runs what it says."""
    return tuple(
        Expectation(
            kind=kind,
            name=raw["metadata"]["name"],
            images={container: image for container, image in objects.images(raw).items() if image},
        )
        for kind in WATCHED
        for raw in of_release(feed.objects(kind).values(), release)
    )
