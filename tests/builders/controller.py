"""A StatefulSet's controller and the kubelet below it, as far as they decide what becomes of pods.

After pkg/controller/statefulset/stateful_set_control.go of Kubernetes; what was seen on a real one is the same.
"""

from dataclasses import dataclass, field

from tests.builders import pods as o


@dataclass(kw_only=True)
class Pod:
    """A pod: of the revision `good` or `bad`; a bad one that is not ready never will be."""

    revision: str
    ready: bool


@dataclass(kw_only=True)
class Controller:
    """A set of pods whose template says `good`."""

    policy: str
    strategy: str
    replicas: int
    pods: dict[int, Pod]
    current: str = "bad"
    deleted: list[tuple[int, Pod]] = field(default_factory=list)

    def delete(self, name: str) -> None:
        ordinal = int(name.rpartition("-")[2])
        self.deleted.append((ordinal, self.pods.pop(ordinal)))

    def step(self) -> None:
        """What happens until somebody looks again: containers start, the controller syncs once."""
        for pod in self.pods.values():
            pod.ready = pod.ready or pod.revision == "good"
        self._sync()
        if self.strategy == "RollingUpdate" and all(pod == Pod(revision="good", ready=True) for pod in self._all()):
            self.current = "good"

    def _all(self) -> list[Pod | None]:
        return [self.pods.get(ordinal) for ordinal in range(self.replicas)]

    def _sync(self) -> None:
        in_order = self.policy == "OrderedReady"
        for ordinal in range(self.replicas):
            if ordinal not in self.pods:
                self.pods[ordinal] = Pod(revision="good", ready=False)
                if in_order:
                    return
            elif in_order and not self.pods[ordinal].ready:
                return
        if self.strategy == "OnDelete":
            return
        for ordinal in reversed(range(self.replicas)):
            pod = self.pods[ordinal]
            if pod.revision != "good":
                del self.pods[ordinal]
                return
            if not pod.ready:
                return

    def raw(self) -> tuple[o.Raw, list[o.Raw]]:
        """Returns what the API server would."""
        pods = [
            o.pod(
                f"worker-{ordinal}",
                revision=pod.revision,
                ready=pod.ready,
                image=o.V2 if pod.revision == "good" else o.V1,
            )
            for ordinal, pod in self.pods.items()
        ]
        counts = {
            "replicas": len(pods),
            "readyReplicas": sum(pod.ready for pod in self.pods.values()),
            "updatedReplicas": sum(pod.revision == "good" for pod in self.pods.values()),
            "currentRevision": self.current,
            "updateRevision": "good",
        }
        strategy = o.partition(0) if self.strategy == "RollingUpdate" else o.ON_DELETE
        return o.stateful_set(replicas=self.replicas, policy=self.policy, strategy=strategy, status=counts), pods
