"""Waits until workloads run what they were told to, by watches alone; finds out early that they never will.

What is seen is judged by judge.py and doom.py; here is only the waiting, and the deletions those ask for.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dagship.board import DONE
from dagship.health import faults
from dagship.health.stall import Standstill
from dagship.health.verdict import Verdict, judge
from dagship.record.model import Move
from dagship.workloads import status
from dagship.workloads.kinds import WATCHED

if TYPE_CHECKING:
    from dagship.airflow.drain import Drains
    from dagship.board import Board
    from dagship.cluster.api import Cluster
    from dagship.cluster.feed import Feed
    from dagship.record.lease import Lease

# A container without a readiness probe is ready as soon as it runs. Airflow's start up fails within this, seconds.
SETTLE = 10.0
# How long to wait for a change before looking at the time, seconds.
_TICK = 1.0
# How long a StatefulSet may lack a pod until its events are asked for the reason, seconds: it has no condition for it.
_UNMADE = 10.0
# Nothing follows from what was last known this long ago, seconds: not even that it has settled.
_OLD = 5.0


def _nothing_else() -> bool:
    return True


def _never(_: faults.Doom, __: status.PodState) -> bool:
    return False


class Broken(Exception):  # noqa: N818 - what it finds
    """A workload will not get there.

    Attributes:
        workload: `statefulset/worker`.
        doomed: What is wrong with it, and in which pod, when it is a pod.
        pod: That pod.

    """

    def __init__(self, workload: str, doomed: faults.Doom, pod: status.PodState | None = None) -> None:
        super().__init__(doomed.reason)
        self.workload = workload
        self.doomed = doomed
        self.pod = pod


@dataclass(kw_only=True)
class Watcher:
    """Watches the workloads of one rollout.

    Attributes:
        cluster: The namespace; pods are deleted through it.
        feed: Keeps StatefulSets, Deployments, ReplicaSets and Pods.
        lease: Checked before each deletion.
        board: Shows how things stand.
        ids: Digests that a node may report for the image; empty to take any.
        timeout: Seconds that a workload may stand still.
        undoing: Whether this is the way back: pods that are in its way go, ready ones excepted.
        warnings: What was noticed so far; each is shown once.
        clock: Tells the cluster's time, epoch seconds.
        also: Whether all else that is waited for is so as well; asked at each look, and may raise Broken.
        excused: Whether what looks like a pod's doom passes when something else is there.
        at_once: How many pods of a worker's StatefulSet may be away at a time.
        drains: Is shown the pods, and says what of them drains.

    """

    cluster: "Cluster"
    feed: "Feed"
    lease: "Lease"
    board: "Board"
    ids: frozenset[str]
    timeout: float
    undoing: bool = False
    warnings: dict[str, None] = field(default_factory=dict)
    clock: Callable[[], float]
    also: Callable[[], bool] = _nothing_else
    excused: Callable[[faults.Doom, status.PodState], bool] = _never
    at_once: int = 1
    drains: "Drains | None" = None
    # By workload: since when things have been so, and for how long it has stood still.
    _seen: dict[str, faults.Seen] = field(default_factory=dict)
    _still: dict[str, Standstill] = field(default_factory=dict)
    _observed: set[str] = field(default_factory=set)
    _deleted: set[str] = field(default_factory=set)
    _blind: bool = False

    def until_done(self, moves: Iterable[Move], *, before: Iterable[Move] = ()) -> None:
        """Returns once every workload runs its images, and nothing else.

        Args:
            moves: What to wait for.
            before: What was done before; it may still break while the others move.

        Raises:
            Broken: One never will, or stood still for too long.
            OutsideError: The API server was away for too long, or the lease was lost.

        """
        watched = [move for move in (*before, *moves) if move.kind in WATCHED]
        shown = {move.key for move in moves}
        count = 0
        while True:
            self.lease.check()
            if self._sees():
                done = [self._look(move, show=move.key in shown) for move in watched]
                done.append(self.also())
                if all(done):
                    return
            count = self.feed.changed(count, _TICK)

    def _sees(self) -> bool:
        """Whether what is known is new enough; while the server is away, the time to stand still begins anew."""
        blind = self.feed.age >= _OLD
        if blind:
            for still in self._still.values():
                still.begin(self.clock())
        if blind != self._blind:
            self._blind = blind
            self.board.note(
                "the API server does not answer; waiting for it" if blind else "the API server answers again"
            )
        return not blind

    def _last(self, uid: str) -> status.PodState | None:
        raw = self.feed.ended("Pod", uid)
        return None if raw is None else status.pod(raw)

    def _look(self, move: Move, *, show: bool) -> bool:
        raw = self.feed.objects(move.kind).get(move.name)
        if raw is None:
            raise Broken(move.key, faults.of_workload("Deleted", "someone deleted it"))
        replica_sets = self.feed.objects("ReplicaSet").values() if move.kind == "Deployment" else ()
        state = status.workload(raw, replica_sets)
        pods = status.pods_of(state, self.feed.objects("Pod").values(), replica_sets)
        now = self.clock()
        worker = move.role == "worker"
        # Under Recreate nothing new begins while old pods use their time, and the controller's own deadline may pass.
        waits = state.strategy == "Recreate" and any(pod.deleting is not None for pod in pods)
        seen = self._seen[move.key] = faults.observe(pods, self._seen.get(move.key, {}), now, [] if waits else [state])
        verdict = judge(
            state,
            pods,
            target=move.images,
            ids=self.ids,
            now=now,
            settle=SETTLE,
            undoing=self.undoing,
            seen=seen,
            at_once=self.at_once if worker else 1,
        )
        draining = self.drains.see(move.key, pods, now, worker=worker, last=self._last) if self.drains else ""
        if show or not verdict.done:
            waiting = f"{verdict.waiting} ({draining})" if draining else verdict.waiting
            self.board.row(move.key, verdict.ready, verdict.desired, DONE if verdict.done else waiting)
        for warning in verdict.warnings:
            self._warn(f"{move.key}: {warning}")
        if verdict.foreign:
            raise Broken(move.key, faults.of_workload("TakenBack", f"someone set its image to {verdict.foreign}"))
        self._check_doom(move, state, pods, now, ours=not show)
        still = self._still.setdefault(move.key, Standstill())
        seconds = still.look(verdict, now)
        self._check_progress(move, pods, verdict, seconds)
        if seconds >= _UNMADE and not still.asked and state.kind == "StatefulSet" and len(pods) < state.desired:
            still.asked = True
            self._check_unmade(move, state)
        self._delete(pods, verdict.delete)
        return verdict.done

    def _check_doom(
        self, move: Move, state: status.WorkloadState, pods: tuple[status.PodState, ...], now: float, *, ours: bool
    ) -> None:
        """A pod that was broken before gets a new start: what broke it may have been mended, and pauses are minutes."""
        if state.observed < state.generation:
            return  # what the controller calls the newest revision is the one before
        was_so_before = not ours and move.key not in self._observed
        self._observed.add(move.key)
        for pod in pods:
            if pod.revision != state.update_revision or pod.uid in self._deleted:
                continue
            found = faults.doomed(pod, seen=self._seen[move.key], now=now)
            if found is not None and self.excused(found, pod):
                continue
            if found is not None and was_so_before and not status.works(pod):
                self._delete(pods, (pod.name,))
            elif found is not None:
                raise Broken(move.key, found, pod)
        found = faults.workload_doomed(state, self._seen[move.key], now)
        if found is not None:
            raise Broken(move.key, found)

    def _check_progress(self, move: Move, pods: tuple[status.PodState, ...], verdict: Verdict, seconds: float) -> None:
        if seconds <= self.timeout:
            return
        late = next((pod for pod in pods if not pod.ready and pod.deleting is None), None)
        message = f"nothing moved for {seconds:.0f} s while waiting for {verdict.waiting}"
        found = faults.Doom(pod=late.name if late else "", container="", reason="TimedOut", message=message)
        raise Broken(move.key, found, late)

    def _check_unmade(self, move: Move, state: status.WorkloadState) -> None:
        """What keeps a StatefulSet from making a pod is in its events alone."""
        found = faults.unmade(self.cluster.list("Event", fields=f"involvedObject.uid={state.uid}"))
        if found is not None:
            raise Broken(move.key, found)

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings[warning] = None
            self.board.note(f"warning: {warning}")

    def _delete(self, pods: tuple[status.PodState, ...], names: tuple[str, ...]) -> None:
        by_name: Mapping[str, status.PodState] = {pod.name: pod for pod in pods}
        for name in names:
            uid = by_name[name].uid
            if uid not in self._deleted:  # the feed may not have it yet
                self.lease.check()
                self.cluster.delete("Pod", name, uid=uid)
                self._deleted.add(uid)
