"""An Airflow whose pods have mounted what is announced, and announcements for it."""

import base64
import copy
import json
from collections.abc import Iterable
from typing import Any

from dagship.model.artifacts import Target
from dagship.model.thin import CURRENT, MOUNT, NAME, PACKAGES, VOLUME, Announcement, Packaged, Thin
from dagship.record import announced
from dagship.record.model import Change, Journal, Move, Record
from dagship.rollout.options import RolloutOptions
from dagship.rollout.survey import Survey
from dagship.rollout.thin import way
from dagship.workloads import selection, spec
from dagship.workloads.inventory import Inventory
from dagship.workloads.kinds import KINDS
from tests.builders.airflow import Object, celery

READ = ("worker", "dag-processor")
FOUNDATION, BASE, V5, V6 = "f" * 64, "0" * 12, "5" * 12, "6" * 12
RUNS, T5, T6 = (f"registry.example:5000/team/airflow@sha256:{digit * 64}" for digit in "056")


def mounting(made: Object, *, name: str = NAME) -> Object:
    """A workload, or a pod, whose containers have the ConfigMap mounted."""
    made = copy.deepcopy(made)
    spec = made["spec"]["template"]["spec"] if "template" in made["spec"] else made["spec"]
    spec.setdefault("volumes", []).append({"name": VOLUME, "configMap": {"name": name, "optional": True}})
    for container in spec["containers"]:
        container.setdefault("volumeMounts", []).append({"name": VOLUME, "mountPath": MOUNT, "readOnly": True})
    return made


def airflow(image: str = RUNS, *, workers: int = 1, without: Iterable[str] = ()) -> tuple[Object, ...]:
    """An Airflow with Celery; whatever reads DAGs has it mounted, but for some."""
    return tuple(
        mounting(one) if one["metadata"]["name"] in READ and one["metadata"]["name"] not in without else one
        for one in celery(image, workers=workers)
    )


def target(version: str = V6, image: str = T6, *, onto: str = RUNS) -> Target:
    """A thin image."""
    thin = Thin(onto=onto, base=BASE, tree=version[0] * 64, foundation=FOUNDATION)
    held = (version, BASE)
    digest = image.partition("@")[2]
    return Target(image=image, digest=digest, dag_version=version, dag_versions=held, airflow="3.3.2", thin=thin)


def announcement(version: str = V6, image: str = T6, *, serial: int = 7, base: str = BASE) -> Announcement:
    tree = version[0] * 64
    return Announcement(serial=serial, version=version, tree=tree, foundation=FOUNDATION, base=base, image=image)


def packaged(version: str = V6, *, size: int = 3) -> Packaged:
    image = {V5: T5, V6: T6}[version]
    return Packaged(tree=version[0] * 64, base=BASE, foundation=FOUNDATION, image=image, bytes=size)


def config_map(current: Announcement | None = None, *, name: str = NAME, **packages: bytes) -> dict[str, Any]:
    """The ConfigMap with packages, `v5=b"..."`."""
    versions = {{"v5": V5, "v6": V6}[short]: content for short, content in packages.items()}
    told = {version: packaged(version, size=len(content)).model_dump() for version, content in versions.items()}
    return {
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": {PACKAGES: json.dumps(told), **({CURRENT: current.model_dump_json()} if current else {})},
        "binaryData": {f"{version}.tgz": base64.b64encode(content).decode() for version, content in versions.items()},
    }


REPOSITORY = "registry.example:5000/team/airflow"
EVERY_POD = Move(
    kind="StatefulSet", name="worker", changes=(Change(field="image", container="worker", before="x", after="y"),)
)


def here(*objects: Object, record: Record | None = None, image: str = RUNS, **options: Any) -> way.Here:
    """The Airflow, with other objects beside it, as a plan sees it."""
    made = {(one["kind"], one["metadata"]["name"]): one for one in (*airflow(image), *objects)}
    workloads = tuple(spec.read(kind, raw) for (kind, _), raw in made.items() if kind in KINDS)
    survey = Survey(inventory=Inventory(objects=made, workloads=workloads), record=record or Record())
    selected = selection.select(workloads, repositories=[REPOSITORY])
    return way.here(survey, selected, [REPOSITORY], RolloutOptions(**options))


def value(version: str = V6, image: str = T6) -> str:
    """What is announced, as a plan has it."""
    return announced.value(announcement(version, image))


def announcing(before: str | None, after: str | None) -> Move:
    """The move of the ConfigMap."""
    change = Change(field="announced", name=CURRENT, before=before, after=after)
    return Move(kind="ConfigMap", name=NAME, role="announcement", step=3, changes=(change,))


def journal(*moves: Move, version: str = V6, kind: Any = "rollout") -> Record:
    """The record after a deployer was killed."""
    begun = Journal(
        state="moving", kind=kind, image=T6, dag_version=version, airflow="", who="", job="", began="", moves=moves
    )
    return Record(journal=begun)
