"""Explains a pod's failure in a sentence and a hint: by its log where that tells, else by its reason. Pure.

What Kubernetes itself is sure of comes first (an image that is not there, a Secret without the key, memory that ran
out), then what the log says, then what the events say, then whatever looks like an error.
"""

import re
from collections.abc import Sequence

from dagship import redaction
from dagship.diagnosis.airflow_log import Meaning, last_words
from dagship.diagnosis.crash_log import complaint
from dagship.health.faults import REGISTRY_FAILS, Fault
from dagship.workloads.status import ContainerState

_PULLS = frozenset({"ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable"})
_LONGEST = 400
# What stands before every failure of a runtime, "Unknown" among it, and says nothing.
_GRPC = re.compile(r"code = \w+ desc = ")

_NOT_GIVEN = (
    "Give the pods a pull secret for its registry: imagePullSecrets of the pod template or of the service account. Of "
    "an image that is not there some registries say the same: see that it was pushed."
)
_OF_ANNOUNCEMENT = {
    "ImportError": "test-image could import it: what differs is around it, variables, connections, files or network "
    "of the dag-processor's pod. Mend that or the file, then deploy again.",
    "NotServed": "The dag-processor's log says more. deploy --full moves every pod to an image with these DAGs.",
}
# Most special first: registries and containerd end many sentences with "not found".
_OF_PULL = (
    (
        re.compile(r"toomanyrequests|429 Too Many", re.IGNORECASE),
        "The registry of {image} limits how often the cluster may pull.",
        "Wait, or give the pods a pull secret: an account may do it more often than nobody.",
    ),
    (
        REGISTRY_FAILS,
        "The registry of {image}, or what stands before it, answers with a failure of its own.",
        "See whether it is well; then the same command again.",
    ),
    (
        re.compile(r"no space left on device"),
        "The node has no room for the image {image}.",
        "Free space on the node, or have the pod run on another.",
    ),
    (
        re.compile(r"no match for platform|no matching manifest|exec format error"),
        "The image {image} is for another processor or system than the node's.",
        "Build it for the nodes: build --platform, for instance linux/amd64,linux/arm64.",
    ),
    (
        re.compile(
            r"unauthorized|denied|forbidden|authorization failed|insufficient_scope|no basic auth", re.IGNORECASE
        ),
        "The registry does not give the image {image} to the cluster.",
        _NOT_GIVEN,
    ),
    (
        re.compile(
            r"no such host|connection refused|i/o timeout|timed? ?out|TLS handshake|x509|HTTP response to HTTPS"
        ),
        "The node cannot reach the registry of {image}.",
        "See whether the nodes reach it under that name, and trust its certificate.",
    ),
    (
        re.compile(r"not found|unknown|does not exist", re.IGNORECASE),
        "The registry has no image {image}.",
        "Push it, or see that the name is the one that the cluster pulls by: a digest is known only to its registry.",
    ),
)

_OF_CONFIG = (
    (
        re.compile(r"(secret|configmap) \"([^\"]+)\" not found", re.IGNORECASE),
        "There is no {0} {1!r}, which the pod refers to.",
        "Make it, or take the reference out of the workload.",
    ),
    (
        re.compile(r"couldn't find key (\S+) in (\w+) \S+?/(\S+)"),
        "The {1} {2!r} has no key {0!r}, which the pod refers to.",
        "Add the key, or take the reference out of the workload.",
    ),
    (
        re.compile(r"runAsNonRoot and image will run as root"),
        "The pod must not run as root, and the image does.",
        "Build on a base with a numeric USER, or set runAsUser in the pod's securityContext.",
    ),
    (
        re.compile(r"runAsNonRoot and image has non-numeric user \((\S+)\)"),
        "The pod must not run as root, and by the name {0!r} Kubernetes cannot tell who that is.",
        "Build on a base with a numeric USER, or set runAsUser in the pod's securityContext.",
    ),
)

_OF_START = (
    (
        re.compile(r"exec format error"),
        "The image is for another processor than the node's.",
        "Build it for the nodes: build --platform.",
    ),
    (
        re.compile(r"exec: \"([^\"]+)\": (?:stat \S+ no such file|executable file not found)"),
        "The image has no program {0!r}, which the container starts with.",
        "Mend the command of the container, or build on a base that has the program.",
    ),
    (
        re.compile(r"exec: \"([^\"]+)\": permission denied"),
        "{0!r}, which the container starts with, cannot be executed.",
        "Mend the command of the container, or the file's mode in the image.",
    ),
)

_OF_EVENTS = (
    (
        re.compile(r"failed liveness probe|Liveness probe failed"),
        "Its liveness probe failed, and Kubernetes killed it.",
        "See what the probe asks, and whether it gives Airflow enough time to start (startupProbe).",
    ),
    (
        re.compile(r"exceeded quota: ([^,\s]+)"),
        "The namespace's quota {0!r} has no room for another pod.",
        "Raise the quota, or let the workload make do with less (maxSurge: 0, or strategy Recreate).",
    ),
    (
        re.compile(r"^FailedCreate: .*?is forbidden: (.+)"),
        "Kubernetes does not let the pod be made: {0}",
        "Mend what it objects to in the pod template.",
    ),
    (
        re.compile(r"^FailedScheduling: (.+)"),
        "No node takes the pod: {0}",
        "Make room, or lower the pod's requests; during a rollout there may be more pods than before.",
    ),
    (
        re.compile(r"^Unhealthy: ((?:Readiness|Startup) probe failed.*)"),
        "It runs, but does not become ready: {0}",
        "See what the probe asks, and the log.",
    ),
)

_KILLED = 137  # 128 and SIGKILL

Rules = tuple[tuple[re.Pattern[str], str, str], ...]


def meaning(fault: Fault, container: ContainerState | None, log: str, events: Sequence[str]) -> tuple[str, str]:
    """Returns what a fault means in one sentence, and what to do; the hint is empty where nothing is known.

    Args:
        fault: What cannot heal, or did not.
        container: The container it is about.
        log: Last lines of the run that failed.
        events: `Reason: message` of the pod or the workload, oldest first.

    """
    bad = complaint(log)
    sentence, hint = (
        _of_announcement(fault)
        or _of_image(fault, container, events)
        or _first((*_OF_CONFIG, *_OF_START), [fault.message])
        or _of_memory(fault, container)
        or last_words(log)
        or ((bad, "") if bad and _ended_by_itself(container) else None)
        or _of_kill(fault, container, events)
        or _first((*_OF_EVENTS, *_OF_CONFIG), [f"{fault.reason}: {fault.message}", *reversed(events)])
        or ((bad, "") if bad else None)
        or _of_end(fault, container, log)
    )
    sentence = redaction.addresses(sentence)
    return (sentence if len(sentence) <= _LONGEST else f"{sentence[:_LONGEST]}…"), hint


def _of_announcement(fault: Fault) -> Meaning | None:
    """What a dag-processor says of a DAG version that was announced to it is a sentence already."""
    hint = _OF_ANNOUNCEMENT.get(fault.reason)
    return None if hint is None else (f"{fault.message.rstrip('.')}.", hint)


def _of_image(fault: Fault, container: ContainerState | None, events: Sequence[str]) -> Meaning | None:
    image = container.image if container is not None else "it wants"
    if fault.reason == "InvalidImageName":
        return (
            f"Kubernetes cannot read the image's name {image}.",
            "Repositories are in lower case, digests have 64 digits.",
        )
    if fault.reason == "ErrImageNeverPull":
        return f"The node does not have the image {image} and may not pull it.", "Set imagePullPolicy: IfNotPresent."
    if fault.reason not in _PULLS:
        return None
    # In the pause between two tries the reason is in the events alone.
    said = [fault.message, *(event for event in reversed(events) if "Failed to pull image" in event)]
    bare = [_GRPC.sub("", text.replace(image, "")) for text in said]
    for words, sentence, hint in _OF_PULL:
        if any(words.search(text) for text in bare):
            return sentence.format(image=image), hint
    return f"The image {image} cannot be pulled: {fault.message}", ""


def _of_memory(fault: Fault, container: ContainerState | None) -> Meaning | None:
    if container is None or container.reason != "OOMKilled":
        return None
    return (
        f"The container {fault.container or container.name} used more memory than its limit and was killed.",
        "Raise resources.limits.memory of the container, or let it do less at once.",
    )


def _of_kill(fault: Fault, container: ContainerState | None, events: Sequence[str]) -> Meaning | None:
    """What it means to be killed where Kubernetes did not do it.

    A runtime hears of memory that ran out by an event of its own, and does not always hear it before the end of the
    process (containerd/containerd#8180, #12260); then Kubernetes says `Error` and 137, and no more.
    """
    if fault.reason != "CrashLoopBackOff" or container is None or container.exit_code != _KILLED:
        return None
    if any(event.startswith("Killing:") for event in events):
        return None
    return (
        f"The container {fault.container or container.name} was killed, as happens where memory runs out.",
        "Compare what it uses with resources.limits.memory and with the node's memory, and raise what is too low.",
    )


def _ended_by_itself(container: ContainerState | None) -> bool:
    """Whether it ended with an error of its own; an end by a signal or with success can be Kubernetes' doing."""
    return container is not None and container.exit_code not in {None, 0, _KILLED, 143}


def _of_end(fault: Fault, container: ContainerState | None, log: str) -> Meaning:
    if fault.reason == "CrashLoopBackOff" and container is not None and container.exit_code == 0:
        return (
            "It ends as if its work were done.",
            "Mend the command and args of the container: they must go on running.",
        )
    if log.strip() and _ended_by_itself(container):
        return f"Its last words were: {log.strip().splitlines()[-1].strip()}", ""
    return fault.message or f"Kubernetes says {fault.reason}, and no more.", ""


def _first(rules: Rules, texts: Sequence[str]) -> Meaning | None:
    for text in texts:
        for words, sentence, hint in rules:
            if (match := words.search(text)) is not None:
                return sentence.format(*match.groups()), hint
    return None
