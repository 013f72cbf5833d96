"""Waits until the pods of a release that was taken away are gone."""

from typing import TYPE_CHECKING, Any

from dagship.chart import labels
from dagship.cluster.feed import Feed
from dagship.errors import OutsideError
from dagship.health import readiness
from dagship.terminal.board import DONE
from dagship.workloads import status
from dagship.workloads.objects import Raw

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster
    from dagship.terminal.console import Console

_TICK = 1.0
# What Helm leaves of an upgrade that broke off: it no longer knows what only the revision before had.
_LEFT = ("Job", "Deployment", "StatefulSet")


def sweep(cluster: "Cluster", release: str) -> None:
    """Deletes what makes pods of a release that Helm has taken away.

    Raises:
        OutsideError: The API server did not answer, or refused.

    """
    for kind in _LEFT:
        for raw in cluster.list(kind, selector=labels.selector(release)):
            if not raw["metadata"].get("deletionTimestamp"):
                cluster.delete(kind, raw["metadata"]["name"], uid=raw["metadata"]["uid"])


def wait(cluster: "Cluster", console: "Console", release: str, *, timeout: float) -> None:
    """Waits until no pod of a release is left; those that nobody owns are deleted.

    The KubernetesExecutor's pods have no owner: without their scheduler nobody would ever take them away.

    Raises:
        OutsideError: Pods are there long after the time they were given, or the API server was away for too long.

    """
    with Feed(cluster, ["Pod"]) as feed, console.board(f"Waiting for the pods of {release} to end") as board:
        told: dict[str, int] = {}
        deleted: set[str] = set()
        left, since, count = -1, cluster.clock(), 0
        while True:
            pods = labels.of_release(feed.objects("Pod").values(), release)
            now = cluster.clock()
            for raw in pods:
                if is_orphan(raw) and raw["metadata"]["uid"] not in deleted:
                    deleted.add(raw["metadata"]["uid"])
                    cluster.delete("Pod", raw["metadata"]["name"], uid=raw["metadata"]["uid"])
            _show(board, pods, told, now)
            if not pods:
                return
            if len(pods) != left:
                left, since = len(pods), now
            if now > max(since, latest(pods)) + timeout:
                board.failed = True
                raise OutsideError(
                    f"The release {release} is gone, but {_names(pods)} did not end in the time that was given.",
                    "kubectl describe pod says why: a finalizer of another tool, or a node that is gone (kubectl get "
                    "nodes). kubectl delete pod --force forgets a pod of a node that is gone for good, of no other.",
                )
            count = feed.changed(count, _TICK)


def is_orphan(raw: Raw) -> bool:
    """Whether nobody will ever take a pod away."""
    return not raw["metadata"].get("ownerReferences") and not raw["metadata"].get("deletionTimestamp")


def latest(pods: list[dict[str, Any]]) -> float:
    """Returns until when the last of some pods may take its time, epoch seconds."""
    ends = [status.pod(raw).deleting for raw in pods]
    return max((end for end in ends if end is not None), default=0.0)


def _show(board: Any, pods: list[dict[str, Any]], told: dict[str, int], now: float) -> None:  # noqa: ANN401 - a Board
    """A row for each component: how many pods of those that were there are gone."""
    by_component: dict[str, list[status.PodState]] = {}
    for raw in pods:
        by_component.setdefault(labels.component(raw) or labels.NAME, []).append(status.pod(raw))
    for name, there in by_component.items():
        told[name] = max(told.get(name, 0), len(there))
    for name, total in told.items():
        there = by_component.get(name, [])
        longest = max(there, key=lambda pod: pod.deleting or 0.0, default=None)
        what = DONE if longest is None else f"waiting for {readiness.ending(longest, now)}"
        board.row(name, total - len(there), total, what)


def _names(pods: list[dict[str, Any]]) -> str:
    return ", ".join(sorted(raw["metadata"]["name"] for raw in pods))
