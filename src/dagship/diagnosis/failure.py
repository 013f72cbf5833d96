"""The failure of a rollout or an install: a frozen value."""

from dagship.model.frozen import Artifact


class Failure(Artifact):
    """The failure of a workload, as far as pods, events and logs tell.

    Attributes:
        workload: `statefulset/worker`.
        pod: Name of the pod, or empty.
        container: Name of the container, or empty.
        reason: Kubernetes' word for it: `CrashLoopBackOff`.
        message: Kubernetes' sentence.
        meaning: The same in Airflow's words, one sentence.
        hint: What to do.
        events: The pod's latest events, oldest first.
        log: The container's last lines.

    """

    workload: str
    pod: str = ""
    container: str = ""
    reason: str
    message: str = ""
    meaning: str = ""
    hint: str = ""
    events: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
