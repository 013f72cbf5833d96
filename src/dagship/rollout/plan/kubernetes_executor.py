"""The image of the KubernetesExecutor's pods: no workload has it, so it moves as a setting. Pure.

The executor takes it from `pod_override`, else from `[kubernetes_executor] worker_container_repository` and `_tag`
where both are set, else from the pod template file (cncf.kubernetes provider, pod_generator.py, kube_config.py). The
environment beats airflow.cfg and is read when the scheduler starts: so it is set there, and a template in a ConfigMap
moves as well. The provider joins repository and tag with `:`: a digest goes in as `NAME@sha256` and the hex digits.
"""

import configparser
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dagship.errors import UsageError
from dagship.record.model import Change, Move
from dagship.rollout.plan import pod_template_file
from dagship.workloads.selection import Selected, repository
from dagship.workloads.spec import Container, Workload, main

_REPOSITORY = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_REPOSITORY"
_TAG = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_TAG"
# The section's name before Airflow 2.5, which 2.x still reads.
_OLD = ("AIRFLOW__KUBERNETES__WORKER_CONTAINER_REPOSITORY", "AIRFLOW__KUBERNETES__WORKER_CONTAINER_TAG")
_EXECUTOR = "AIRFLOW__CORE__EXECUTOR"


def environment(
    selected: Selected, config_maps: Mapping[str, Mapping[str, Any]], image: str
) -> dict[str, tuple[Change, ...]]:
    """Returns the variables to change, by workload: those that are set, and the scheduler's where the executor is used.

    Args:
        selected: The workloads and containers that move.
        config_maps: The namespace's ConfigMaps by name.
        image: Image to move to, `NAME@sha256:HEX` or `NAME:TAG`.

    Raises:
        UsageError: A variable has a value that cannot be changed there.

    """
    name, _, tag = image.rpartition(":")
    changes: dict[str, tuple[Change, ...]] = {}
    for workload, containers in selected:
        starts_pods = main(containers, workload.role) if is_used(workload, config_maps) else None
        found: list[Change] = []
        for container in containers:
            if container.init:
                continue
            for variables in ((_REPOSITORY, _TAG), _OLD):
                old = tuple(container.env.get(variable) for variable in variables)
                is_set = all(variable in container.env for variable in variables)
                if not is_set and not (container is starts_pods and variables[0] == _REPOSITORY):
                    continue
                for variable, before, after in zip(variables, old, (name, tag), strict=True):
                    if before is None and variable in container.env:
                        raise UsageError(
                            f"{workload.key} has {variable} from elsewhere (valueFrom), where it cannot be changed.",
                            "Write its value into the manifest, or leave it out: then it is set by rollout.",
                        )
                    found.append(
                        Change(field="env", container=container.name, name=variable, before=before, after=after)
                    )
        if found:
            changes[workload.key] = tuple(found)
    return changes


def is_used(workload: Workload, config_maps: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a workload is the scheduler of a KubernetesExecutor."""
    if workload.role != "scheduler":
        return False
    found = executor(workload, config_maps)
    # Where it cannot be read, a pod template beside the scheduler says as much: both charts mount one for nothing else.
    return "KubernetesExecutor" in found or (not found and any(pods(workload.config_maps, config_maps)))


def templates(
    selected: Selected, config_maps: Mapping[str, Mapping[str, Any]], repositories: Iterable[str], image: str
) -> tuple[Move, ...]:
    """Returns the moves of the pod templates in ConfigMaps that the selected workloads mount."""
    running = frozenset(container.image for _, containers in selected for container in containers)
    ours = frozenset(map(repository, (*repositories, *running))) - {""}
    mounted = frozenset(name for workload, _ in selected for name in workload.config_maps)
    found: dict[str, list[Change]] = {}
    for name, key, images in pods(mounted, config_maps):
        # The task's own container is `base`; what runs another image of the repository beside it is another program.
        task = images.get(("base", False), next(iter(images.values())))
        found.setdefault(name, []).extend(
            Change(field="template", container=container, init=init, name=key, before=old, after=image)
            for (container, init), old in images.items()
            if repository(old) in ours and old in {*running, task}
        )
    return tuple(
        Move(kind="ConfigMap", name=name, role="pod-template", changes=tuple(changes))
        for name, changes in found.items()
        if changes
    )


def pods(
    names: frozenset[str], config_maps: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, str, Mapping[tuple[str, bool], str]]]:
    """Yields ConfigMap, key and images of every pod that is written in one of these ConfigMaps."""
    for name in sorted(names & config_maps.keys()):
        for key, text in sorted((config_maps[name].get("data") or {}).items()):
            if images := pod_template_file.images(text):
                yield name, key, images


def images(containers: Iterable[Container]) -> frozenset[str]:
    """Returns the images that the variables of containers name."""
    return frozenset(
        f"{container.env[name]}:{container.env[tag]}"
        for container in containers
        for name, tag in ((_REPOSITORY, _TAG), _OLD)
        if container.env.get(name) and container.env.get(tag)
    )


def executor(workload: Workload, config_maps: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns what `[core] executor` is for a workload, empty where it cannot be read (a Secret is not looked into)."""
    for value in _candidates(workload, config_maps):
        if value:
            return value
    return ""


def _candidates(workload: Workload, config_maps: Mapping[str, Mapping[str, Any]]) -> Iterator[str | None]:
    for container in workload.containers:
        yield container.env.get(_EXECUTOR)
        name, key = container.references.get(_EXECUTOR, ("", ""))
        yield (config_maps.get(name, {}).get("data") or {}).get(key)
    for name in sorted(workload.env_from & config_maps.keys()):
        yield (config_maps[name].get("data") or {}).get(_EXECUTOR)
    for name in sorted(workload.config_maps & config_maps.keys()):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string((config_maps[name].get("data") or {}).get("airflow.cfg", ""))
        except configparser.Error:
            continue
        yield parser.get("core", "executor", fallback=None)
