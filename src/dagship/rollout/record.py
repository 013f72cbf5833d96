"""The ConfigMap in which dagship writes what it did and what it is doing: `dagship` in the namespace.

Both in one object, so that a rollout ends and is recorded in one write. Only the holder of the Lease writes it.
"""

import json
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from dagship.cluster.failures import Conflict, NotFound
from dagship.errors import Refused, UsageError
from dagship.rollout.values import Hold, Journal, Record, Release

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster

NAME = "dagship"
KEPT = 20
# Conflicts in a row that are about labels and annotations alone.
_TRIES = 5
# etcd takes 1.5 MB and the API server 1 MiB in a ConfigMap; what is above this loses its oldest releases.
_LIMIT = 900_000
_KEYS = {"releases", "rollout", "hold"}

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
            hold=Hold.model_validate_json(data["hold"]) if data.get("hold") else None,
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
    hold = {"hold": record.hold.model_dump_json()} if record.hold else {}
    while True:
        text = json.dumps(_RELEASES.dump_python(releases, mode="json", exclude_defaults=True), indent=1)
        if len(text) + len(journal) + sum(map(len, hold.values())) < _LIMIT or len(releases) <= 1:
            return {"releases": text, "rollout": journal, **hold}
        releases = releases[1:]


def store(cluster: "Cluster", written: Record, seen: dict[str, Any] | None) -> dict[str, Any]:
    """Writes the record in the place of the one that was seen, and returns the ConfigMap as it is now.

    A write that is late, because the server was away, must not take the place of what another run wrote meanwhile.

    Args:
        cluster: The namespace.
        written: The record.
        seen: The ConfigMap as it was read or written last; None when there was none.

    Raises:
        Refused: Someone else wrote it meanwhile.
        OutsideError: The API server did not answer, or refused.

    """
    data = dump(written)
    for _ in range(_TRIES):
        metadata = {"name": NAME, "labels": {"app.kubernetes.io/managed-by": "dagship"}}
        try:
            if seen is None:
                return cluster.create("ConfigMap", {"metadata": metadata, "data": data})
            metadata = {**metadata, "resourceVersion": seen["metadata"]["resourceVersion"]}
            return cluster.replace("ConfigMap", NAME, {"metadata": metadata, "data": data})
        except (Conflict, NotFound):
            now = _look(cluster)
        if now is not None and now.get("data") == data:
            return now  # the answer was lost, the write was not
        if now is not None and (seen is None or now.get("data") != seen.get("data")):
            break
        seen = now
    raise Refused(
        f"The ConfigMap {NAME} was written by someone else while this rollout held its lock.",
        "What this run did so far stays; status shows how things are. Then run it again.",
    )


def _look(cluster: "Cluster") -> dict[str, Any] | None:
    try:
        return cluster.get("ConfigMap", NAME)
    except NotFound:
        return None
