"""The ConfigMap in which dagship writes what it did and what it is doing: `dagship` in the namespace.

Both in one object, so that a rollout ends and is recorded in one write. Only the holder of the Lease writes it.
"""

import json
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from dagship.cluster.failures import Conflict, NotFound
from dagship.errors import UsageError
from dagship.rollout.values import Journal, Record, Release

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster

NAME = "dagship"
KEPT = 20
# etcd takes 1.5 MB and the API server 1 MiB in a ConfigMap; what is above this loses its oldest releases.
_LIMIT = 900_000
_KEYS = {"releases", "rollout"}

_RELEASES: TypeAdapter[tuple[Release, ...]] = TypeAdapter(tuple[Release, ...])


def parse(config_map: dict[str, Any] | None) -> Record:
    """Reads the record; an empty one when there is none yet.

    Raises:
        UsageError: It holds what dagship did not write.

    """
    data = (config_map or {}).get("data") or {}
    if not data.keys() <= _KEYS:  # somebody's own ConfigMap, which must not be overwritten
        raise _not_ours()
    try:
        return Record(
            releases=_RELEASES.validate_json(data.get("releases", "[]")),
            journal=Journal.model_validate_json(data["rollout"]) if data.get("rollout") else None,
        )
    except ValidationError as broken:
        raise _not_ours() from broken


def _not_ours() -> UsageError:
    return UsageError(
        f"The ConfigMap {NAME} does not hold what dagship wrote there.",
        f"A newer dagship may have written it; else mend or delete it: kubectl delete configmap {NAME}.",
    )


def dump(record: Record) -> dict[str, str]:
    """Returns the data of the ConfigMap; the oldest releases go when it would be too large."""
    releases = record.releases[-KEPT:]
    journal = record.journal.model_dump_json(exclude_defaults=True) if record.journal else ""
    while True:
        text = json.dumps(_RELEASES.dump_python(releases, mode="json", exclude_defaults=True), indent=1)
        if len(text) + len(journal) < _LIMIT or len(releases) <= 1:
            return {"releases": text, "rollout": journal}
        releases = releases[1:]


def load(cluster: "Cluster") -> Record:
    """Reads the record from the cluster.

    Raises:
        OutsideError: The API server did not answer, or refused.

    """
    try:
        return parse(cluster.get("ConfigMap", NAME))
    except NotFound:
        return Record()


def store(cluster: "Cluster", record: Record) -> None:
    """Writes the record.

    Raises:
        OutsideError: The API server did not answer, or refused.

    """
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": NAME, "labels": {"app.kubernetes.io/managed-by": "dagship"}},
        "data": dump(record),
    }
    try:
        cluster.replace("ConfigMap", NAME, body)
    except NotFound:
        try:
            cluster.create("ConfigMap", body)
        except Conflict:  # a create that was retried after its answer was lost
            cluster.replace("ConfigMap", NAME, body)
