"""The ConfigMap in which dagship writes what it did and what it is doing: `dagship` in the namespace.

Both in one object, so that a rollout ends and is recorded in one write. Only the holder of the Lease writes it.
"""

from typing import TYPE_CHECKING, Any

from dagship.cluster.failures import Conflict, NotFound
from dagship.errors import Refused
from dagship.record.form import NAME, dump
from dagship.record.model import KEPT, Record

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster

# Conflicts in a row that are about labels and annotations alone.
_TRIES = 5
# etcd takes 1.5 MB and the API server 1 MiB in a ConfigMap; what is above this loses what its oldest releases
# changed, then those releases.
_LIMIT = 900_000


def fit(record: Record) -> tuple[Record, tuple[int, ...]]:
    """Returns what of a record there is room for, and the numbers of the releases that there is none for.

    What releases changed goes first, the oldest first: without it they are a way back all the same.
    """
    releases, gone = record.releases[-KEPT:], []
    while len(releases) > 1 and sum(map(len, dump(record.model_copy(update={"releases": releases})).values())) > _LIMIT:
        told = next((place for place, one in enumerate(releases) if one.changes is not None), None)
        if told is not None:
            without = releases[told].model_copy(update={"changes": None})
            releases = (*releases[:told], without, *releases[told + 1 :])
            continue
        gone.append(releases[0].number)
        releases = releases[1:]
    return record.model_copy(update={"releases": releases}), tuple(gone)


def store(cluster: "Cluster", written: Record, seen: dict[str, Any] | None) -> dict[str, Any]:
    """Writes what the record says otherwise than the one that was seen, and returns the ConfigMap as it is now.

    A write that is late, because the server was away, must not take the place of what another run wrote meanwhile.

    Args:
        cluster: The namespace.
        written: The record, which `fit` has made fit.
        seen: The ConfigMap as it was read or written last; None when there was none.

    Raises:
        Refused: Someone else wrote it meanwhile.
        OutsideError: The API server did not answer, or refused.

    """
    data = dump(written)
    metadata = {"name": NAME, "labels": {"app.kubernetes.io/managed-by": "dagship"}}
    for _ in range(_TRIES):
        try:
            if seen is None:
                return cluster.create("ConfigMap", {"metadata": metadata, "data": data})
            there = seen.get("data") or {}
            changed = {key: text for key, text in data.items() if there.get(key) != text}
            gone = dict.fromkeys(there.keys() - data.keys())
            as_seen = {**metadata, "resourceVersion": seen["metadata"]["resourceVersion"]}
            return cluster.patch("ConfigMap", NAME, {"metadata": as_seen, "data": {**changed, **gone}})
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
