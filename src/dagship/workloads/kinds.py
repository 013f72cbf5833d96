"""The kinds of workloads that may run Airflow, a row for each: all that dagship knows of a kind as such. Pure.

How its pods are judged is a function of `health.pod_sets`, where the API has it is in `cluster.kinds`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["StatefulSet", "Deployment", "CronJob", "ConfigMap"]

Role = Literal[
    "worker",
    "triggerer",
    "scheduler",
    "api-server",
    "webserver",
    "dag-processor",
    "cronjob",
    "pod-template",
    "announcement",
    "other",
]


@dataclass(frozen=True, kw_only=True)
class WorkloadKind:
    """A kind of workload.

    Attributes:
        name: Its name.
        template: Path of the pod template.
        role: What its objects are whatever they start; empty where that decides.
        watched: Whether its pods are waited for after the template changed; else it takes effect by itself.
        pods_made_by: Kind of what controls its pods: it, or what it makes for each revision; empty where not watched.
        hash_label: Label of a pod that names its revision; empty where not watched.
        newest_hash: Key of the status that says the newest revision; empty where the newest of `pods_made_by` does.
        strategy: Key of the spec with its strategy, `RollingUpdate` by default; empty where it has none.
        may_recreate: Whether that can be `Recreate`, which ends the old pods before it makes new ones.
        numbered: Whether its pods are numbered, come back under their names and are replaced in order; no condition
            then says why one is not made, and servers before 1.22 do not count those that are available.
        may_delete_pods: Whether dagship may delete pods of it that the controller leaves as they are.

    """

    name: Kind
    template: tuple[str, ...] = ("spec", "template")
    role: Role | None = None
    watched: bool = True
    pods_made_by: str = ""
    hash_label: str = ""
    newest_hash: str = ""
    strategy: str = ""
    may_recreate: bool = False
    numbered: bool = False
    may_delete_pods: bool = False


KINDS: Mapping[str, WorkloadKind] = {
    row.name: row
    for row in (
        WorkloadKind(
            name="StatefulSet",
            pods_made_by="StatefulSet",
            hash_label="controller-revision-hash",
            newest_hash="updateRevision",
            strategy="updateStrategy",
            numbered=True,
            may_delete_pods=True,
        ),
        WorkloadKind(
            name="Deployment",
            pods_made_by="ReplicaSet",
            hash_label="pod-template-hash",
            strategy="strategy",
            may_recreate=True,
        ),
        WorkloadKind(
            name="CronJob",
            template=("spec", "jobTemplate", "spec", "template"),
            role="cronjob",
            watched=False,
        ),
    )
}
WATCHED: tuple[Kind, ...] = tuple(row.name for row in KINDS.values() if row.watched)
# What has to be watched to see them move: they, what makes their pods, and these.
FED: tuple[str, ...] = tuple(dict.fromkeys((*WATCHED, *(KINDS[kind].pods_made_by for kind in WATCHED), "Pod")))
HASH_LABELS: tuple[str, ...] = tuple(row.hash_label for row in KINDS.values() if row.hash_label)


def template_path(kind: str) -> tuple[str, ...]:
    """Returns the path of the pod template in an object; what is none of these kinds, as a ReplicaSet, has it as most.

    Kinds beside these have no row, and their template at the same place.
    """
    return KINDS[kind].template if kind in KINDS else WorkloadKind.template


def named() -> str:
    """Returns the kinds as people read them: `StatefulSet, Deployment or CronJob`."""
    *others, last = KINDS
    return f"{', '.join(others)} or {last}"
