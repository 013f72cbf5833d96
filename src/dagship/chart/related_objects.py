"""The objects of a release besides its workloads: migration Job, volumes, and the order they need one another in.

Looked at beside the workloads; raises `WorkloadFailed` as their watcher does.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dagship.chart import migration
from dagship.chart.labels import Raw, component, of_release
from dagship.diagnosis.airflow_log import last_words
from dagship.health import faults, volume_faults
from dagship.health.watcher import WorkloadFailed
from dagship.terminal.board import DONE
from dagship.workloads import objects, status

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster
    from dagship.cluster.feed import Feed
    from dagship.terminal.board import Board

# What the other components need of the release itself.
NEEDED = ("postgres", "redis")
# How long a pod may wait for its volumes until its events are asked for the reason, and asked again, seconds.
_VOLUMES = 10.0


@dataclass(kw_only=True)
class Others:
    """The other objects of a release, read anew at each look.

    Attributes:
        cluster: The namespace.
        feed: Keeps StatefulSets, Pods and Jobs.
        board: Shows how things stand.
        release: Name of the release.
        began: When the install began, epoch seconds by the cluster's clock: what failed before then says nothing.

    """

    cluster: "Cluster"
    feed: "Feed"
    board: "Board"
    release: str
    began: float
    # Attempts whose logs were read; pods by when they began to wait, or were asked about; since when things are so;
    # and how often a container had been started again when it was last excused.
    _read: dict[migration.Attempt, bool] = field(default_factory=dict)
    _since: dict[str, float] = field(default_factory=dict)
    _since_when: faults.Since = field(default_factory=dict)
    _restarts: dict[tuple[str, str], int] = field(default_factory=dict)

    def jobs(self) -> list[Raw]:
        """Returns the Job that makes the tables, in a list; one that succeeded may be gone already.

        Where an upgrade broke off there may be the one of before as well, which Helm no longer knows.
        """
        jobs = of_release(self.feed.objects("Job").values(), self.release)
        made = [job for job in jobs if component(job) == "migrate"]
        return sorted(made, key=lambda job: str(job["metadata"].get("creationTimestamp", "")))[-1:]

    def are_there(self) -> bool:
        """Whether the tables are made, as far as there is a Job for it; looks for volumes that are not there."""
        self._look_for_volumes()
        done = [self._look(job) for job in self.jobs()]
        return all(done)

    def excuse(self, found: faults.Fault, pod: status.PodState) -> bool:
        """Whether a component that fails may: what it needs is not there yet, or came since it last began."""
        if found.reason != "CrashLoopBackOff" or self._is_needed(pod):
            return False
        key = (pod.uid, found.container)
        restarts = next((one.restarts for one in pod.containers if one.name == found.container), 0)
        if all(migration.is_done(job) for job in self.jobs()) and self._needed_since(*NEEDED) is not None:
            return self._restarts.get(key) == restarts
        self._restarts[key] = restarts
        return True

    def _pods(self, *components: str) -> list[Raw]:
        pods = of_release(self.feed.objects("Pod").values(), self.release)
        return [pod for pod in pods if component(pod) in components] if components else pods

    def _is_needed(self, pod: status.PodState) -> bool:
        return any(pod.name == one["metadata"]["name"] for one in self._pods(*NEEDED))

    def _needed_since(self, *components: str) -> float | None:
        """Since when what the release itself needs is there; None while it is not, 0 where it has none of it."""
        sets = of_release(self.feed.objects("StatefulSet").values(), self.release)
        if not any(component(one) in components for one in sets):
            return 0.0
        return migration.ready_since(self._pods(*components))

    def _look(self, job: Raw) -> bool:
        key = f"job/{job['metadata']['name']}"
        done = migration.is_done(job)
        pods = migration.pods_of(job, self.feed.objects("Pod").values())
        self.board.row(key, int(done), 1, DONE if done else migration.waiting(pods))
        if not done:
            self._check_job(job, key, pods)
        return done

    def _check_job(self, job: Raw, key: str, pods: tuple[objects.Raw, ...]) -> None:
        own = [status.pod(pod) for pod in pods]
        now = self.cluster.clock()
        self._since_when = faults.seen_since(own, self._since_when, now)
        for pod in own:
            found = faults.pod_fault(pod, since=self._since_when, now=now)
            if found is not None and found.reason != "CrashLoopBackOff" and pod.phase != "Failed":
                raise WorkloadFailed(key, found, pod)
        there = self._needed_since("postgres")
        since = None if there is None else max(there, self.began)
        for attempt in migration.attempts(pods):
            if migration.may_count(attempt, since) and (self._is_explained(attempt) or migration.is_repeated(pods)):
                raise WorkloadFailed(key, _ended(attempt), next(pod for pod in own if pod.name == attempt.pod))
        if (why := migration.given_up(job)) is not None:
            raise WorkloadFailed(key, why, next((pod for pod in reversed(own)), None))

    def _is_explained(self, attempt: migration.Attempt) -> bool:
        if attempt not in self._read:
            log = self.cluster.logs(attempt.pod, attempt.container, previous=True) or self.cluster.logs(
                attempt.pod, attempt.container
            )
            self._read[attempt] = last_words(log) is not None
        return self._read[attempt]

    def _look_for_volumes(self) -> None:
        """A pod from before gets a new start: what it waits for may be there now, and pauses are minutes."""
        now = self.cluster.clock()
        waiting = {raw["metadata"]["uid"]: raw for raw in self._pods() if self._waits(status.pod(raw))}
        self._since = {uid: self._since.get(uid, now) for uid in waiting}
        for uid, raw in waiting.items():
            if now - self._since[uid] < _VOLUMES:
                continue
            self._since[uid] = now
            pod = status.pod(raw)
            events = self.cluster.list("Event", fields=f"involvedObject.uid={uid}")
            found = volume_faults.without_claim(pod) or volume_faults.without_volume(pod, events)
            if found is None:
                continue
            if pod.started >= self.began:
                raise WorkloadFailed(self._workload(pod), found, pod)
            self.cluster.delete("Pod", pod.name, uid=uid)

    def _workload(self, pod: status.PodState) -> str:
        """The key of a pod's workload; a pod of a Deployment is controlled by a ReplicaSet."""
        owner = self.feed.objects("ReplicaSet").get(pod.owner) if pod.owner_kind == "ReplicaSet" else None
        of = objects.controller(owner) if owner else {}
        return f"{of.get('kind', pod.owner_kind).lower()}/{of.get('name', pod.owner)}"

    @staticmethod
    def _waits(pod: status.PodState) -> bool:
        return volume_faults.waits_for_volumes(pod) or volume_faults.without_claim(pod) is not None


def _ended(attempt: migration.Attempt) -> faults.Fault:
    return faults.Fault(pod=attempt.pod, container=attempt.container, reason="Error", message="")
