"""Has the kubelets bring at once what is announced: a pod that changes has its mounts looked at anew.

That takes up to 0.2 s; without it, up to 90 s. So each pod that has the ConfigMap mounted gets an annotation, those
that run tasks first: no pod starts anew for one.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from dagship.cluster.failures import NotFound
from dagship.errors import OutsideError, Transient
from dagship.rollout.thin import mount, patience
from dagship.workloads import objects, spec
from dagship.workloads.image_identity import same_image

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dagship.cluster.calls import Object
    from dagship.rollout.execute.operation import Moving

ANNOTATION = "dagship.io/announced"
BY_ITSELF = 90.0
"""Seconds that a kubelet takes by itself, at most."""

_AT_A_TIME = 8
_NAMED = 3


def annotate(moving: "Moving", name: str, value: str) -> str:
    """Annotates every pod that has it mounted, dag-processors last; returns why it takes longer, if it does.

    Args:
        moving: The operation.
        name: The ConfigMap.
        value: Of the annotation: another one each time.

    """
    cluster = moving.operation.cluster
    body = {"metadata": {"annotations": {ANNOTATION: value}}}

    def annotated(pod: "Object") -> str:
        try:
            cluster.patch("Pod", pod["metadata"]["name"], body)
        except NotFound:
            pass
        except Transient:
            raise
        except OutsideError as refused:
            return refused.message
        return ""

    pods = mounting(moving.feed.objects("Pod").values(), name)
    others = [pod for pod in pods if not _is_processor(pod)]
    processors = [pod for pod in pods if _is_processor(pod)]
    refused = ""
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        for group in (others, processors):
            if not refused:
                refused = next(filter(None, pool.map(annotated, group)), "")
    if not refused:
        return ""
    return f"pods learn of it in their own time, up to {BY_ITSELF:.0f} s, since they cannot be annotated: {refused}"


def mounting(pods: "Iterable[Object]", name: str) -> "list[Object]":
    """Returns the pods that run and have the ConfigMap mounted."""
    return [
        pod
        for pod in pods
        if (pod.get("status") or {}).get("phase") == "Running"
        and not pod["metadata"].get("deletionTimestamp")
        and any(mount.config_map(pod["spec"], one)[0] == name for one in pod["spec"]["containers"])
    ]


def longer(moving: "Moving", name: str) -> tuple[float, str]:
    """Returns the seconds that dag-processors may take besides, and why."""
    config_maps = moving.operation.survey.inventory.config_maps
    found = [(0.0, "")]
    for pod in mounting(moving.feed.objects("Pod").values(), name):
        if _is_processor(pod):
            of = spec.main_of_pod(pod)
            container = next(one for one in pod["spec"]["containers"] if one["name"] == of)
            found.append(patience.longer(container, config_maps))
    return max(found)


def without_its_base(moving: "Moving", name: str) -> str:
    """Returns what to say of pods that run another image than the one to which a version is announced; mostly nothing.

    That one is read from what their workloads say. A pod may be of before, as while helm moves it, or for good with a
    StatefulSet's strategy OnDelete: what it runs has not what a package is the difference from. A pod of a task alone
    needs no version but its own.

    Args:
        moving: The operation.
        name: The ConfigMap.

    """
    target = moving.operation.plan.target
    if moving.operation.plan.undo:  # which knows of no image but those that were to come
        return ""
    onto = target.thin.onto if target.thin else target.image
    others = sorted(
        pod["metadata"]["name"]
        for pod in mounting(moving.feed.objects("Pod").values(), name)
        if objects.controller(pod) and not same_image(spec.main_image(pod), onto)
    )
    if not others:
        return ""
    shown = ", ".join(others[:_NAMED]) + (f" and {len(others) - _NAMED} more" if len(others) > _NAMED else "")
    return (
        f"{shown}: another image runs there than the workload says, which cannot have this DAG version. A task of a "
        "new run that gets there waits for it, and fails in the end, until that pod is replaced"
    )


def _is_processor(pod: "Object") -> bool:
    return spec.role_of_pod(pod) == "dag-processor"
