"""The status of workloads and pods, read from Kubernetes' JSON into plain values. Pure.

Older servers leave fields out that newer ones have, and a zero is often not sent at all: whoever reads these values
need not know.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dagship.workloads import objects
from dagship.workloads.kinds import HASH_LABELS, KINDS
from dagship.workloads.objects import Raw
from dagship.workloads.spec import main_of_pod


@dataclass(frozen=True, kw_only=True)
class ContainerState:
    """A container of a pod.

    Attributes:
        name: Its name.
        init: Whether it is one of the initContainers, those that go on running included.
        image: The image that the pod asks for; what the runtime calls it may be another name of the same.
        image_id: What the runtime runs, as it names it; empty before it was pulled.
        ready: Ready, or for an initContainer: done.
        running_since: Since when it runs, epoch seconds by the node's clock; None while it does not.
        restarts: How often it was started again.
        waiting: Why it does not run yet, the kubelet's word; empty when it runs or ended.
        message: What the kubelet says of that, or of its last end.
        exit_code: Exit status of its last end, None when it never ended.
        reason: Reason of its last end: `Completed`, `Error`, `OOMKilled`, `StartError`…
        probed: Whether it has a readiness or a startup probe, so that being ready says something.

    """

    name: str
    init: bool
    image: str
    image_id: str
    ready: bool
    running_since: float | None
    restarts: int
    waiting: str
    message: str
    exit_code: int | None
    reason: str
    probed: bool


@dataclass(frozen=True, kw_only=True)
class PodState:
    """A pod.

    Attributes:
        name: Its name.
        uid: Its uid: a StatefulSet's pods come back under the same name.
        owner_kind: Kind of what controls it, empty for a pod on its own.
        owner: Name of what controls it.
        revision: `controller-revision-hash` or `pod-template-hash`.
        ready: The condition Ready.
        phase: `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
        reason: Why it is in that phase: `Evicted`…
        message: The same in a sentence.
        disrupted: Whether Kubernetes itself ended it, or is about to: a drain, a node that is gone, a preemption.
        deleting: When it must be gone, epoch seconds; None when nobody deleted it.
        scheduled: Whether it has a node.
        unscheduled_why: Why it has none.
        grace: Seconds that it gets to end.
        told: When it was told to end, epoch seconds; None when nobody deleted it.
        over: Whether all of it has ended: its node deletes it with a grace of 0 then, which moves `deleting` back to
            `told`. It is gone at once, unless a finalizer keeps it.
        finalizers: Who has to agree before it is gone.
        containers: initContainers first, each sort in the pod's order.
        main: Name of the one that it is for.
        started: When it was made, epoch seconds.

    """

    name: str
    uid: str
    owner_kind: str
    owner: str
    revision: str
    ready: bool
    phase: str
    reason: str
    message: str
    disrupted: bool
    deleting: float | None
    scheduled: bool
    unscheduled_why: str
    grace: int
    told: float | None
    over: bool
    finalizers: tuple[str, ...]
    containers: tuple[ContainerState, ...]
    main: str
    started: float


@dataclass(frozen=True, kw_only=True)
class WorkloadState:
    """A workload, of one of `kinds.KINDS`.

    Attributes:
        kind: Its kind.
        name: Its name.
        uid: Its uid.
        generation: Counts the changes of its spec.
        observed: The generation that the controller has seen.
        desired: Pods asked for.
        replicas: Pods that there are; those being deleted are left out for a Deployment.
        updated: Pods of the newest revision.
        ready: Pods that are ready.
        available: Pods that were ready for `minReadySeconds`.
        current_revision: StatefulSet: the revision that all pods had last.
        update_revision: The revision that pods are to have; empty while it is not known.
        partition: StatefulSet: the first so many pods keep the revision they have.
        policy: StatefulSet: `OrderedReady` or `Parallel`; empty otherwise.
        strategy: `RollingUpdate`, `OnDelete` or `Recreate`; empty for a CronJob.
        paused: Whether a Deployment is paused, or a CronJob suspended.
        conditions: Type to status, reason and message.
        images: Container name to image, of the template, initContainers included.
        ordinal_start: StatefulSet: number of the first pod.

    """

    kind: str
    name: str
    uid: str
    generation: int
    observed: int
    desired: int
    replicas: int
    updated: int
    ready: int
    available: int
    current_revision: str
    update_revision: str
    partition: int
    policy: str
    strategy: str
    paused: bool
    conditions: Mapping[str, tuple[str, str, str]]
    images: Mapping[str, str]
    ordinal_start: int


def pod(raw: Raw) -> PodState:
    """Reads a pod."""
    metadata, spec, status = raw["metadata"], raw.get("spec") or {}, raw.get("status") or {}
    owner = objects.controller(raw)
    labels = metadata.get("labels") or {}
    conditions = objects.conditions(status)
    scheduled = conditions.get("PodScheduled", ("", "", ""))
    deleting = objects.seconds(metadata.get("deletionTimestamp"))
    given = metadata.get("deletionGracePeriodSeconds", 0)
    return PodState(
        name=metadata["name"],
        uid=metadata.get("uid", ""),
        owner_kind=owner.get("kind", ""),
        owner=owner.get("name", ""),
        revision=next((labels[name] for name in HASH_LABELS if labels.get(name)), ""),
        ready=conditions.get("Ready", ("",))[0] == "True",
        phase=status.get("phase", ""),
        reason=status.get("reason", ""),
        message=status.get("message", ""),
        disrupted=conditions.get("DisruptionTarget", ("",))[0] == "True",
        deleting=deleting,
        scheduled=scheduled[0] == "True" or bool(spec.get("nodeName")),
        unscheduled_why=(scheduled[2] or scheduled[1]) if scheduled[0] == "False" else "",
        grace=given or spec.get("terminationGracePeriodSeconds", 30),
        told=None if deleting is None else deleting - given,
        over=deleting is not None and given == 0,
        finalizers=tuple(metadata.get("finalizers") or ()),
        containers=(
            *_containers(spec.get("initContainers"), status.get("initContainerStatuses"), init=True),
            *_containers(spec.get("containers"), status.get("containerStatuses"), init=False),
        ),
        main=main_of_pod(raw),
        started=objects.seconds(metadata.get("creationTimestamp")) or 0.0,
    )


def workload(raw: Raw, replica_sets: Iterable[Raw] = ()) -> WorkloadState:
    """Reads a workload.

    Args:
        raw: It, as the server sent it.
        replica_sets: What makes the pods of those that do not make them themselves, as ReplicaSets; its own among them.

    """
    kind = KINDS[raw["kind"]]
    metadata, spec, status = raw["metadata"], raw.get("spec") or {}, raw.get("status") or {}
    generation, observed = metadata.get("generation", 0), status.get("observedGeneration", 0)
    strategy = spec.get(kind.strategy) or {}
    ready = status.get("readyReplicas", 0)
    # Servers before 1.22 count no available pods of a StatefulSet, nor do they know its minReadySeconds.
    counted = not kind.numbered or spec.get("minReadySeconds", 0) > 0
    return WorkloadState(
        kind=kind.name,
        name=metadata["name"],
        uid=metadata.get("uid", ""),
        generation=generation,
        observed=observed,
        desired=spec.get("replicas", 1),
        replicas=status.get("replicas", 0),
        updated=status.get("updatedReplicas", 0),
        ready=ready,
        available=status.get("availableReplicas", 0) if counted else ready,
        current_revision=status.get("currentRevision", ""),
        update_revision=(
            status.get(kind.newest_hash, "")
            if kind.newest_hash
            else objects.newest_hash(raw, replica_sets)
            if kind.watched and observed >= generation
            else ""
        ),
        partition=(strategy.get("rollingUpdate") or {}).get("partition", 0),
        policy=spec.get("podManagementPolicy", "OrderedReady") if kind.numbered else "",
        strategy=strategy.get("type", "RollingUpdate" if kind.strategy else ""),
        paused=bool(spec.get("paused") or spec.get("suspend")),
        conditions=objects.conditions(status),
        images=objects.images(raw),
        ordinal_start=(spec.get("ordinals") or {}).get("start", 0),
    )


def works(state: PodState) -> bool:
    """Whether a pod's main container runs, whatever became of those beside it."""
    return any(one.running_since is not None for one in state.containers if one.name == state.main)


def pods_of(owner: Raw | WorkloadState, pods: Iterable[Raw], replica_sets: Iterable[Raw] = ()) -> tuple[PodState, ...]:
    """Returns the pods that a workload controls, sorted by name; those of a Deployment by way of its ReplicaSets."""
    uid = owner.uid if isinstance(owner, WorkloadState) else owner["metadata"]["uid"]
    uids = {uid, *(owned["metadata"]["uid"] for owned in replica_sets if objects.controller(owned).get("uid") == uid)}
    owned = (pod(raw) for raw in pods if objects.controller(raw).get("uid") in uids)
    return tuple(sorted(owned, key=lambda state: (len(state.name), state.name)))


def _containers(specs: Iterable[Raw] | None, statuses: Iterable[Raw] | None, *, init: bool) -> Iterator[ContainerState]:
    reported = {status["name"]: status for status in statuses or ()}
    for spec in specs or ():
        status = reported.get(spec["name"], {})
        state = status.get("state") or {}
        waiting = state.get("waiting") or {}
        ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated") or {}
        # Of a container in its back-off, what it said when it ended is worth more than how long the pause is.
        pause = waiting.get("reason") == "CrashLoopBackOff"
        yield ContainerState(
            name=spec["name"],
            init=init,
            image=spec.get("image", ""),
            image_id=status.get("imageID", ""),
            ready=status.get("ready", False),
            running_since=objects.seconds((state.get("running") or {}).get("startedAt")),
            restarts=status.get("restartCount", 0),
            waiting=waiting.get("reason", ""),
            message=("" if pause else waiting.get("message", "")) or ended.get("message", ""),
            exit_code=ended.get("exitCode"),
            reason=ended.get("reason", ""),
            probed=bool(spec.get("readinessProbe") or spec.get("startupProbe")),
        )
