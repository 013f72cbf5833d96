"""What a pod lacks of what it is to be. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dagship.workloads.image_identity import digest, same_image
from dagship.workloads.status import ContainerState, PodState


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a pod is to be.

    Attributes:
        revision: Its revision.
        images: Container name to image.
        ids: Digests that the runtime may report for those images; empty to compare none.
        now: Epoch seconds.
        settle: Seconds that a container without a probe must have run: its being ready says nothing.

    """

    revision: str
    images: Mapping[str, str]
    ids: frozenset[str]
    now: float
    settle: float


def lacks(pod: PodState, wanted: Wanted) -> str:
    """Returns what a pod lacks, in words that follow "waiting for"; empty when it is as it is to be."""
    if pod.deleting is not None:
        return ending(pod, wanted.now)
    if pod.revision != wanted.revision:
        return f"{pod.name} to be replaced"
    if not pod.scheduled:
        return f"a node for {pod.name}"
    for container in pod.containers:
        if container.name in wanted.images and (wrong := _wrong_image(container, wanted, running=pod.ready)):
            return f"{pod.name} to run the right image, {container.name} has {wrong}"
    if not pod.ready:
        return _until_ready(pod)
    rest = max((_unsettled(container, wanted) for container in pod.containers), default=0.0)
    return f"{pod.name} to have run for {wanted.settle:g} s" if rest > 0 else ""


def renamed(pod: PodState, wanted: Wanted) -> Iterator[str]:
    """Yields what a node calls an image that it was asked for by digest, where that is another one.

    The image is right: nodes check what they pull. One that they have by two manifests they name by either.
    """
    for container in pod.containers:
        asked = container.name in wanted.images and digest(container.image) in wanted.ids
        if asked and container.image_id and _has_another_id(container, wanted):
            yield f"{pod.name} runs {container.name} by another manifest of the same image, {container.image_id}."


def ending(pod: PodState, now: float) -> str:
    """Returns that a pod is to end, and how long it may take."""
    if pod.over and pod.finalizers:
        return f"{pod.name} to be let go, it has ended and {' and '.join(pod.finalizers)} keeps it (a finalizer)"
    left = 0.0 if pod.deleting is None else pod.deleting - now
    return f"{pod.name} to end" + (f", {left:.0f} s left" if left > 0 else "")


def _wrong_image(container: ContainerState, wanted: Wanted, *, running: bool) -> str:
    """The image that a container has and should not; empty when it is right, or has none yet."""
    if not same_image(container.image, wanted.images[container.name]):
        return container.image
    pulled = running or container.image_id != ""
    if pulled and digest(container.image) not in wanted.ids and _has_another_id(container, wanted):
        return container.image_id or "none"
    return ""


def _has_another_id(container: ContainerState, wanted: Wanted) -> bool:
    return bool(wanted.ids) and digest(container.image_id) not in wanted.ids


def _unsettled(container: ContainerState, wanted: Wanted) -> float:
    """Seconds until a container counts; an initContainer that is done is none that goes on running."""
    if container.probed or (container.init and container.running_since is None):
        return 0.0
    since = wanted.now if container.running_since is None else container.running_since
    return since + wanted.settle - wanted.now


def _until_ready(pod: PodState) -> str:
    for container in pod.containers:
        if container.waiting not in {"", "PodInitializing", "ContainerCreating"}:
            return f"{pod.name} to be ready, {container.name}: {container.waiting}"
        if container.init and not container.ready and container.running_since is not None:
            return f"{pod.name} to be ready, {container.name} is running"
    return f"{pod.name} to be " + ("started" if _creating(pod) else "ready")


def _creating(pod: PodState) -> bool:
    return any(container.waiting in {"PodInitializing", "ContainerCreating"} for container in pod.containers)
