"""Reads the objects of a namespace into what planning needs to know of them. Pure.

What a workload runs of Airflow is told by its command first, since that cannot lie; then by the component label that
both Airflow charts set; then by names.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from dagship.workloads.kinds import KINDS, Kind, Role, template_path

COMPONENT_LABELS = ("app.kubernetes.io/component", "component")

# Airflow's commands, most telling first: a migration job's `airflow db` names none of them.
_COMMANDS: tuple[tuple[str, Role], ...] = (
    (r"celery\s+worker", "worker"),
    (r"dag-processor", "dag-processor"),
    (r"triggerer", "triggerer"),
    (r"scheduler", "scheduler"),
    (r"api-server", "api-server"),
    (r"webserver", "webserver"),
)
# As names have them; `-web` is what the community chart calls its webserver.
_NAMES: tuple[tuple[str, Role], ...] = (
    (r"worker", "worker"),
    (r"dag-?processor", "dag-processor"),
    (r"triggerer", "triggerer"),
    (r"scheduler", "scheduler"),
    (r"api-?server", "api-server"),
    (r"web(server)?", "webserver"),
)


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container of a pod template.

    Attributes:
        name: Its name.
        init: Whether it is an initContainer.
        image: Its image, as written.
        command: Command and arguments in one text.
        env: Its variables; None for one that comes from elsewhere.
        references: Those of them that are a key of a ConfigMap: its name, and the key.

    """

    name: str
    init: bool
    image: str
    command: str
    env: Mapping[str, str | None]
    references: Mapping[str, tuple[str, str]]

    @property
    def commands(self) -> frozenset[Role]:
        """The Airflow commands that it starts."""
        return frozenset(role for pattern, role in _COMMANDS if re.search(rf"(^|[\s/]){pattern}(\s|$)", self.command))


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A workload, of one of `kinds.KINDS`.

    Attributes:
        kind: Its kind.
        name: Its name.
        labels: Its labels.
        role: What of Airflow it runs.
        containers: Containers, then initContainers.
        config_maps: ConfigMaps that its pods mount or take variables from.
        env_from: ConfigMaps that all variables are taken from.
        replicas: Pods wanted.
        paused: Whether a Deployment is paused.

    """

    kind: Kind
    name: str
    labels: Mapping[str, str]
    role: Role
    containers: tuple[Container, ...]
    config_maps: frozenset[str]
    env_from: frozenset[str]
    replicas: int
    paused: bool

    @property
    def key(self) -> str:
        """How people and `--workloads` call it: `statefulset/worker`."""
        return f"{self.kind.lower()}/{self.name}"

    @property
    def main(self) -> Container:
        """The container that it is for; a log groomer or a proxy beside it is not."""
        return main(self.containers, self.role) or self.containers[0]

    @property
    def is_started(self) -> bool:
        """Whether a command starts what the role says, and it is not only what a label or a name has it be."""
        return any(self.role in container.commands for container in self.containers if not container.init)


def main(containers: Iterable[Container], *roles: Role) -> Container | None:
    """Returns the container that has one of some roles: by its command, else by its name, else the first there is."""
    own = [container for container in containers if not container.init]
    by_command = (container for role in roles for container in own if role in container.commands)
    by_name = (container for role in roles for container in own if container.name == role)
    return next(iter((*by_command, *by_name, *own)), None)


def main_of_pod(raw: Mapping[str, Any]) -> str:
    """Returns the name of the container that a pod is for, as the server sent it; empty where it has none."""
    metadata, containers = raw["metadata"], read_containers(raw.get("spec") or {})
    found = main(containers, _role(metadata["name"], metadata.get("labels") or {}, containers))
    return found.name if found else ""


def main_image(raw: Mapping[str, Any]) -> str:
    """Returns the image of the container that a pod is for; empty where it has none."""
    name = main_of_pod(raw)
    return next((str(one.get("image", "")) for one in raw["spec"].get("containers") or () if one["name"] == name), "")


def role_of_pod(raw: Mapping[str, Any]) -> Role:
    """Returns what of Airflow a pod runs, as the server sent it."""
    metadata = raw["metadata"]
    return _role(metadata["name"], metadata.get("labels") or {}, read_containers(raw.get("spec") or {}))


def read_containers(pod_spec: Mapping[str, Any]) -> tuple[Container, ...]:
    """Reads the containers of a pod's spec, then its initContainers."""
    return tuple(
        _container(container, init=init)
        for init, group in ((False, "containers"), (True, "initContainers"))
        for container in pod_spec.get(group) or ()
    )


def template(kind: Kind, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the pod template of a workload."""
    found: Any = raw
    for step in template_path(kind):
        found = found[step]
    return cast("dict[str, Any]", found)


def read(kind: Kind, raw: Mapping[str, Any]) -> Workload:
    """Reads a workload as the server sent it."""
    pods = template(kind, raw)
    spec = pods["spec"]
    labels = raw["metadata"].get("labels") or {}
    containers = read_containers(spec)
    every = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    env_from = frozenset(
        source["configMapRef"]["name"]
        for container in every
        for source in container.get("envFrom") or ()
        if source.get("configMapRef")
    )
    return Workload(
        kind=kind,
        name=raw["metadata"]["name"],
        labels=labels,
        role=KINDS[kind].role
        or _role(raw["metadata"]["name"], {**(pods.get("metadata") or {}).get("labels", {}), **labels}, containers),
        containers=containers,
        config_maps=env_from
        | _mounted(spec)
        | {name for container in containers for name, _ in container.references.values()},
        env_from=env_from,
        replicas=int(raw["spec"].get("replicas", 1)) if KINDS[kind].watched else 0,
        paused=bool(raw["spec"].get("paused", False)),
    )


def _container(raw: Mapping[str, Any], *, init: bool) -> Container:
    return Container(
        name=raw["name"],
        init=init,
        image=raw.get("image", ""),
        command=" ".join([*(raw.get("command") or ()), *(raw.get("args") or ())]),
        env={entry["name"]: entry.get("value", None if "valueFrom" in entry else "") for entry in raw.get("env") or ()},
        references={
            entry["name"]: (key["name"], key["key"])
            for entry in raw.get("env") or ()
            if (key := (entry.get("valueFrom") or {}).get("configMapKeyRef"))
        },
    )


def _role(name: str, labels: Mapping[str, str], containers: tuple[Container, ...]) -> Role:
    main = [container for container in containers if not container.init]
    started = frozenset[Role]().union(*(container.commands for container in main))
    for _, role in _COMMANDS:
        if role in started:
            return role
    named = [next((labels[label] for label in COMPONENT_LABELS if label in labels), "")]
    named += [container.name for container in main[:1]] + [name]
    for text in named:
        for pattern, role in _NAMES:
            if re.search(rf"(^|[-_.]){pattern}s?($|[-_.])", text):
                return role
    return "other"


def _mounted(spec: Mapping[str, Any]) -> frozenset[str]:
    names: set[str] = set()
    for volume in spec.get("volumes") or ():
        sources = [volume, *((volume.get("projected") or {}).get("sources") or ())]
        names |= {source["configMap"]["name"] for source in sources if (source.get("configMap") or {}).get("name")}
    return frozenset(names)
