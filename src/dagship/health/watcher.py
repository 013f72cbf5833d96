"""Waits until workloads run the images that are expected of them, by watches alone, and fails early if they never will.

verdict.py and faults.py judge a snapshot; here is only the waiting, and the deletions that those ask for.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from dagship.health import faults
from dagship.health.stall import StallTimer
from dagship.health.verdict import Verdict, judge
from dagship.terminal.board import DONE
from dagship.workloads import status
from dagship.workloads.kinds import KINDS

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster
    from dagship.cluster.feed import Feed
    from dagship.health.expectation import Expectation
    from dagship.terminal.board import Board

# A container without a readiness probe is ready as soon as it runs. Airflow's start up fails within this, seconds.
SETTLE = 10.0
# How long to wait for a change before looking at the time, seconds.
_TICK = 1.0
# How long a StatefulSet may lack a pod until its events are asked for the reason, seconds: it has no condition for it.
_NOT_MADE = 10.0
# Nothing follows from what was last known this long ago, seconds: not even that it has settled.
_OLD = 5.0


Pods = tuple[status.PodState, ...]
# How a pod that is gone was at last, by its uid, as far as known.
Last = Callable[[str], status.PodState | None]


def _nothing_else() -> bool:
    return True


def _never(_: faults.Fault, __: status.PodState) -> bool:
    return False


class Observe(Protocol):
    """Whoever is shown the pods of a workload at each look."""

    def __call__(self, workload: str, pods: Pods, now: float, *, worker: bool, last: Last) -> str:
        """Returns what is to stand beside what is waited for; `worker` is whether tasks are sent there."""


def _nothing_to_say(*_: object, **__: object) -> str:
    return ""


class WorkloadFailed(Exception):  # noqa: N818 - a finding, which its catchers turn into a result
    """A workload will never run what is expected of it.

    Attributes:
        workload: `statefulset/worker`.
        fault: What is wrong with it, and in which pod, when it is a pod.
        pod: That pod.

    """

    def __init__(self, workload: str, fault: faults.Fault, pod: status.PodState | None = None) -> None:
        super().__init__(fault.reason)
        self.workload = workload
        self.fault = fault
        self.pod = pod


@dataclass(kw_only=True)
class Watcher:
    """Watches workloads until they run the images that are expected of them.

    Attributes:
        cluster: The namespace; pods are deleted through it.
        feed: Keeps StatefulSets, Deployments, ReplicaSets and Pods.
        check: Is called before each look and each deletion; raises where nothing may be changed any more.
        board: Shows how things stand.
        ids: Digests that a node may report for the image; empty to take any.
        timeout: Seconds that a workload may stand still.
        undoing: Whether this is the way back: pods that are in its way go, ready ones excepted.
        warnings: What was noticed so far; each is shown once.
        clock: Tells the cluster's time, epoch seconds.
        also: Whether all else that is waited for is so as well; asked at each look, and may raise WorkloadFailed.
        excused: Whether what looks like a pod's fault passes when something else is there.
        at_once: How many pods of a StatefulSet that tasks are sent to may be away at a time.
        observe: Is shown the pods at each look.

    """

    cluster: "Cluster"
    feed: "Feed"
    check: Callable[[], None]
    board: "Board"
    ids: frozenset[str]
    timeout: float
    undoing: bool = False
    warnings: dict[str, None] = field(default_factory=dict)
    clock: Callable[[], float]
    also: Callable[[], bool] = _nothing_else
    excused: Callable[[faults.Fault, status.PodState], bool] = _never
    at_once: int = 1
    observe: Observe = _nothing_to_say
    # By workload: since when things have been so, and for how long there has been no progress.
    _since: dict[str, faults.Since] = field(default_factory=dict)
    _stalls: dict[str, StallTimer] = field(default_factory=dict)
    _observed: set[str] = field(default_factory=set)
    _deleted: set[str] = field(default_factory=set)
    _blind: bool = False

    def until_done(self, expected: Iterable["Expectation"], *, before: Iterable["Expectation"] = ()) -> None:
        """Returns once every workload runs its images, and nothing else.

        Args:
            expected: What to wait for.
            before: What is so already; it may still fail while the others move.

        Raises:
            WorkloadFailed: One never will, or stood still for too long.
            OutsideError: The API server was away for too long, or `check` refused.

        """
        expected, before = tuple(expected), tuple(before)
        count = 0
        while True:
            self.check()
            if self._is_fresh():
                done = [self._judge(one, show=False) for one in before]
                done += [self._judge(one, show=True) for one in expected]
                done.append(self.also())
                if all(done):
                    return
            count = self.feed.changed(count, _TICK)

    def _is_fresh(self) -> bool:
        """Whether what is known is new enough; while the server is away, the time to stand still begins anew."""
        blind = self.feed.age >= _OLD
        if blind:
            for timer in self._stalls.values():
                timer.begin(self.clock())
        if blind != self._blind:
            self._blind = blind
            self.board.note(
                "the API server does not answer; waiting for it" if blind else "the API server answers again"
            )
        return not blind

    def _last(self, uid: str) -> status.PodState | None:
        raw = self.feed.ended("Pod", uid)
        return None if raw is None else status.pod(raw)

    def _judge(self, expected: "Expectation", *, show: bool) -> bool:
        raw = self.feed.objects(expected.kind).get(expected.name)
        if raw is None:
            raise WorkloadFailed(expected.key, faults.of_workload("Deleted", "someone deleted it"))
        kind = KINDS[expected.kind]
        replica_sets = self.feed.objects(kind.pods_made_by).values() if kind.pods_made_by != kind.name else ()
        state = status.workload(raw, replica_sets)
        pods = status.pods_of(state, self.feed.objects("Pod").values(), replica_sets)
        now = self.clock()
        # Under Recreate nothing new begins while old pods use their time, and the controller's own deadline may pass.
        waits = state.strategy == "Recreate" and any(pod.deleting is not None for pod in pods)
        since = self._since[expected.key] = faults.seen_since(
            pods, self._since.get(expected.key, {}), now, [] if waits else [state]
        )
        verdict = judge(
            state,
            pods,
            target=expected.images,
            ids=self.ids,
            now=now,
            settle=SETTLE,
            undoing=self.undoing,
            since=since,
            at_once=self.at_once if expected.tasks_run_here else 1,
        )
        besides = self.observe(expected.key, pods, now, worker=expected.tasks_run_here, last=self._last)
        if show or not verdict.done:
            waiting = f"{verdict.waiting} ({besides})" if besides else verdict.waiting
            self.board.row(expected.key, verdict.ready, verdict.desired, DONE if verdict.done else waiting)
        for warning in verdict.warnings:
            self._warn(f"{expected.key}: {warning}")
        if verdict.foreign:
            raise WorkloadFailed(
                expected.key, faults.of_workload("TakenBack", f"someone set its image to {verdict.foreign}")
            )
        self._check_faults(expected, state, pods, now, ours=not show)
        timer = self._stalls.setdefault(expected.key, StallTimer())
        seconds = timer.seconds(verdict, now)
        self._check_progress(expected, pods, verdict, seconds)
        if seconds >= _NOT_MADE and not timer.asked_why and kind.numbered and len(pods) < state.desired:
            timer.asked_why = True
            self._check_creation(expected, state)
        self._delete(pods, verdict.delete)
        return verdict.done

    def _check_faults(
        self, expected: "Expectation", state: status.WorkloadState, pods: Pods, now: float, *, ours: bool
    ) -> None:
        """A pod that was broken before gets a new start: what broke it may have been mended, and pauses are minutes."""
        if state.observed < state.generation:
            return  # what the controller calls the newest revision is the one before
        was_so_before = not ours and expected.key not in self._observed
        self._observed.add(expected.key)
        for pod in pods:
            if pod.revision != state.update_revision or pod.uid in self._deleted:
                continue
            found = faults.pod_fault(pod, since=self._since[expected.key], now=now)
            if found is not None and self.excused(found, pod):
                continue
            if found is not None and was_so_before and not status.works(pod):
                self._delete(pods, (pod.name,))
            elif found is not None:
                raise WorkloadFailed(expected.key, found, pod)
        found = faults.workload_fault(state, self._since[expected.key], now)
        if found is not None:
            raise WorkloadFailed(expected.key, found)

    def _check_progress(self, expected: "Expectation", pods: Pods, verdict: Verdict, seconds: float) -> None:
        if seconds <= self.timeout:
            return
        late = next((pod for pod in pods if not pod.ready and pod.deleting is None), None)
        message = f"nothing moved for {seconds:.0f} s while waiting for {verdict.waiting}"
        found = faults.Fault(pod=late.name if late else "", container="", reason="TimedOut", message=message)
        raise WorkloadFailed(expected.key, found, late)

    def _check_creation(self, expected: "Expectation", state: status.WorkloadState) -> None:
        """What keeps a StatefulSet from making a pod is in its events alone."""
        found = faults.creation_fault(self.cluster.list("Event", fields=f"involvedObject.uid={state.uid}"))
        if found is not None:
            raise WorkloadFailed(expected.key, found)

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings[warning] = None
            self.board.note(f"warning: {warning}")

    def _delete(self, pods: Pods, names: tuple[str, ...]) -> None:
        by_name: Mapping[str, status.PodState] = {pod.name: pod for pod in pods}
        for name in names:
            uid = by_name[name].uid
            if uid not in self._deleted:  # the feed may not have it yet
                self.check()
                self.cluster.delete("Pod", name, uid=uid)
                self._deleted.add(uid)
