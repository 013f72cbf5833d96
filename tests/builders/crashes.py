"""A container that crashed, and what is said of it."""

from dagship.diagnosis.explain import meaning
from dagship.health.faults import Fault
from dagship.workloads import status as workload_status
from tests.builders import pods as o

CRASH = Fault(pod="worker-0", container="worker", reason="CrashLoopBackOff", message="it ended 2 times")


def container(code: int | None = 1, reason: str = "Error", image: str = o.V2) -> workload_status.ContainerState:
    status = o.waiting(image=image) if code is None else o.crashing(code=code, reason=reason)
    return workload_status.pod(o.pod(image=image, statuses=[status])).containers[0]


def crash(text: str, *events: str, code: int = 1) -> tuple[str, str]:
    return meaning(CRASH, container(code), text, events)
