"""Verdicts on workloads of three workers or two schedulers, and the pods they are about."""

from typing import Any

from dagship.health.verdict import Verdict, judge
from dagship.workloads import status as workload_status
from tests.builders import pods as o

IDS = frozenset({o.digest(o.V2)})
OLD = "worker-old"


def of_set(raw: o.Raw, pods: list[o.Raw], **more: Any) -> Verdict:
    state = workload_status.workload(raw)
    options = {"target": {"worker": o.V2}, "ids": IDS, "now": o.NOW, "settle": 10.0, **more}
    return judge(state, workload_status.pods_of(state, pods), **options)


def of_deployment(raw: o.Raw, pods: list[o.Raw], sets: list[o.Raw] | None = None, **more: Any) -> Verdict:
    sets = sets or [o.replica_set("old", 1, image=o.V1), o.replica_set("new", 2)]
    state = workload_status.workload(raw, sets)
    options = {"target": {"worker": o.V2}, "ids": IDS, "now": o.NOW, "settle": 10.0, **more}
    return judge(state, workload_status.pods_of(state, pods, sets), **options)


def workers(*others: o.Raw, count: int = 3) -> list[o.Raw]:
    """Pods that are right, but for those given."""
    named = {pod["metadata"]["name"]: pod for pod in others}
    return [named.get(f"worker-{ordinal}") or o.pod(f"worker-{ordinal}") for ordinal in range(count)]


def old(name: str, **more: Any) -> o.Raw:
    return o.pod(name, revision=OLD, image=o.V1, **more)


def schedulers(**more: Any) -> list[o.Raw]:
    return [o.deployed("a", **more), o.deployed("b", **more)]
