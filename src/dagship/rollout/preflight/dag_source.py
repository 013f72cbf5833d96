"""Whether pods serve the DAGs that are in their image: what a pod says goes before what its image says. Pure."""

import json
import posixpath
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from dagship.airflow.activity import Activity
from dagship.model import dag_versions
from dagship.record.model import Move
from dagship.rollout.plan import pod_template_file
from dagship.rollout.plan.planner import Objects
from dagship.workloads import pod_environment
from dagship.workloads.kinds import Role
from dagship.workloads.objects import Raw
from dagship.workloads.pod_environment import Source
from dagship.workloads.spec import template

FOLDER = "AIRFLOW__CORE__DAGS_FOLDER"
BUNDLES = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"

_BAKED = "dagship_versions.bundle.BakedDagBundle"
# What reads DAG files: a webserver and a triggerer do not.
_READ: tuple[Role, ...] = ("worker", "scheduler", "dag-processor", "pod-template")
# Volumes by which dagship's chart brings DAGs, and what it calls that.
_VOLUMES = {"dags-git": "git", "dags-persistent": "persistent"}
_INSTANCE = "app.kubernetes.io/instance"
_SHELLS = ("sh", "bash", "dash", "ash")


class Setting(NamedTuple):
    """A setting of a container that says where DAGs are.

    Attributes:
        workload: `statefulset/worker`.
        container: The container.
        source: Where it says so.

    """

    workload: str
    container: str
    source: Source


def variable(airflow: str) -> str:
    """Returns the variable that says where DAGs are; Airflow 3 takes no notice of the folder once it has bundles."""
    return FOLDER if airflow.startswith("2.") else BUNDLES


def is_images(name: str, value: str, version: str) -> bool:
    """Whether a value is what an image with this DAG version sets, or has its DAGs served all the same."""
    if name == FOLDER:
        return posixpath.normpath(value.strip()) == dag_versions.dags_folder(version)
    return any(one.get("classpath") == _BAKED and _root(one) == dag_versions.ROOT for one in _bundles(value))


def is_known(name: str, source: Source) -> bool:
    """Whether what a source says can be told without asking a pod: not of bundles in a Secret, which is not read.

    A folder in a Secret is known to be wrong: it names one version, and the next image has another.
    """
    return source.sure and not (name == BUNDLES and source.value is None and source.where.startswith("Secret "))


def shown(name: str, value: str) -> str:
    """Returns a value for people: of bundles their classes, since what they are given may be secret."""
    said = value if name == FOLDER else ", ".join(str(one.get("classpath")) for one in _bundles(value)) or "no bundle"
    return " ".join(said.split())[:200] or "nothing"


def settings(moves: Iterable[Move], objects: Objects, name: str) -> tuple[Setting, ...]:
    """Returns what the containers say that move and read DAGs."""
    config_maps = {of: raw for (kind, of), raw in objects.items() if kind == "ConfigMap"}
    return tuple(
        Setting(key, container["name"], source)
        for key, container in _containers(moves, objects)
        for source in pod_environment.sources(container, name, config_maps)
    )


def from_shells(moves: Iterable[Move], objects: Objects) -> frozenset[str]:
    """Returns the workloads of which a shell starts a container: it may set what nobody can see from outside."""
    return frozenset(
        key
        for key, container in _containers(moves, objects)
        if any(
            word.rpartition("/")[2] in _SHELLS
            for word in (*(container.get("command") or ()), *(container.get("args") or ()))
        )
    )


def by_design(moves: Iterable[Move], objects: Objects) -> str:
    """Returns how dagship's chart brings the DAGs where it does not take them from the image: its `dags.mode`."""
    moved = [objects[move.kind, move.name] for move in moves if move.kind != "ConfigMap"]
    instances = {_instance(raw) for raw in moved} - {""}
    for (kind, _), raw in objects.items():
        if kind == "ConfigMap" or _instance(raw) not in instances:
            continue
        for volume in template(kind, raw)["spec"].get("volumes") or ():
            if volume["name"] in _VOLUMES:
                return _VOLUMES[volume["name"]]
    return ""


def elsewhere(activity: Activity, version: str = "") -> str:
    """Returns where Airflow says that it takes its DAGs from, if that is not what is in its image; else nothing.

    Args:
        activity: What it says.
        version: DAG version that it is to serve; empty for the image's current one.

    """
    if activity.airflow.startswith("2."):
        right = is_images(FOLDER, activity.folder, version or activity.current)
        return "" if right or not activity.folder else activity.folder
    if activity.baked is not False or not activity.airflow:
        return ""
    return "other bundles than the image's"


def _containers(moves: Iterable[Move], objects: Objects) -> Iterator[tuple[str, Raw]]:
    """Yields the containers that move and read DAGs, those of a pod in a ConfigMap included."""
    for move in moves:
        raw = objects.get((move.kind, move.name))
        if raw is None or move.role not in _READ:
            continue
        ours = {change.container for change in move.changes if change.field != "env"}
        if move.kind == "ConfigMap":
            texts = {change.name for change in move.changes}
            found = [
                one
                for text in sorted(texts)
                for one in pod_template_file.containers((raw.get("data") or {}).get(text, ""))
            ]
        else:
            found = template(move.kind, raw)["spec"]["containers"]
        yield from ((move.key, container) for container in found if container["name"] in ours)


def _bundles(value: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(value)
    except ValueError:
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _root(bundle: Raw) -> object:
    """Where a bundle of the image is told to look; None where what it is given is nothing that a bundle takes."""
    given = bundle.get("kwargs") or {}
    return given.get("root", dag_versions.ROOT) if isinstance(given, dict) else None


def _instance(raw: Raw) -> str:
    """The release of dagship's chart that an object is of, or empty."""
    labels = raw["metadata"].get("labels") or {}
    ours = labels.get("app.kubernetes.io/name") == "airflow" and "helm.sh/chart" in labels
    return str(labels.get(_INSTANCE, "")) if ours else ""
