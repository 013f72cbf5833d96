"""Why a pod is not ready yet, or does not run the image that it is to run. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dagship.workloads.image_identity import digest, same_image
from dagship.workloads.status import ContainerState, PodState


@dataclass(frozen=True, kw_only=True)
class ExpectedPod:
    """A pod as it is to be.

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


def pending_reason(pod: PodState, expected: ExpectedPod) -> str:
    """Returns what a pod still waits for, in words that follow "waiting for"; empty when it is as it is to be."""
    if pod.deleting is not None:
        return ending(pod, expected.now)
    if pod.revision != expected.revision:
        return f"{pod.name} to be replaced"
    if not pod.scheduled:
        return f"a node for {pod.name}"
    for container in pod.containers:
        if container.name in expected.images and (wrong := _wrong_image(container, expected, running=pod.ready)):
            return f"{pod.name} to run the right image, {container.name} has {wrong}"
    if not pod.ready:
        return _until_ready(pod)
    rest = max((_unsettled(container, expected) for container in pod.containers), default=0.0)
    return f"{pod.name} to have run for {expected.settle:g} s" if rest > 0 else ""


def renamed(pod: PodState, expected: ExpectedPod) -> Iterator[str]:
    """Yields what a node calls an image that it was asked for by digest, where that is another one.

    The image is right: nodes check what they pull. One that they have by two manifests they name by either.
    """
    for container in pod.containers:
        asked = container.name in expected.images and digest(container.image) in expected.ids
        if asked and container.image_id and _has_another_id(container, expected):
            yield f"{pod.name} runs {container.name} by another manifest of the same image, {container.image_id}."


def ending(pod: PodState, now: float) -> str:
    """Returns that a pod is to end, and how long it may take."""
    if pod.over and pod.finalizers:
        return f"{pod.name} to be let go, it has ended and {' and '.join(pod.finalizers)} keeps it (a finalizer)"
    left = 0.0 if pod.deleting is None else pod.deleting - now
    return f"{pod.name} to end" + (f", {left:.0f} s left" if left > 0 else "")


def _wrong_image(container: ContainerState, expected: ExpectedPod, *, running: bool) -> str:
    """The image that a container has and should not; empty when it is right, or has none yet."""
    if not same_image(container.image, expected.images[container.name]):
        return container.image
    pulled = running or container.image_id != ""
    if pulled and digest(container.image) not in expected.ids and _has_another_id(container, expected):
        return container.image_id or "none"
    return ""


def _has_another_id(container: ContainerState, expected: ExpectedPod) -> bool:
    return bool(expected.ids) and digest(container.image_id) not in expected.ids


def _unsettled(container: ContainerState, expected: ExpectedPod) -> float:
    """Seconds until a container counts; an initContainer that is done is none that goes on running."""
    if container.probed or (container.init and container.running_since is None):
        return 0.0
    since = expected.now if container.running_since is None else container.running_since
    return since + expected.settle - expected.now


def _until_ready(pod: PodState) -> str:
    for container in pod.containers:
        if container.waiting not in {"", "PodInitializing", "ContainerCreating"}:
            return f"{pod.name} to be ready, {container.name}: {container.waiting}"
        if container.init and not container.ready and container.running_since is not None:
            return f"{pod.name} to be ready, {container.name} is running"
    return f"{pod.name} to be " + ("started" if _creating(pod) else "ready")


def _creating(pod: PodState) -> bool:
    return any(container.waiting in {"PodInitializing", "ContainerCreating"} for container in pod.containers)
