"""The ConfigMap in which dagship writes what it did and what it is doing: `dagship` in the namespace.

Both in one object, so that a rollout ends and is recorded in one write. Only the holder of the Lease writes it.
"""

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from dagship.cluster.failures import Conflict, NotFound
from dagship.errors import Refused, UsageError
from dagship.record import packing
from dagship.record.model import KEPT, Hold, Journal, Record, Release

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster

NAME = "dagship"
# Counts up with every change of the form, one field more included. The first form had no number; the second had no
# announcements; the third did not say when a release was served; the fourth not by which DAGs it was proven; the fifth
# not what it changed.
SCHEMA = 6
# Conflicts in a row that are about labels and annotations alone.
_TRIES = 5
# etcd takes 1.5 MB and the API server 1 MiB in a ConfigMap; what is above this loses what its oldest releases
# changed, then those releases.
_LIMIT = 900_000
_KEYS = {"schema", "version", "releases", "rollout", "hold", "moves", "changes"}
# Digits of a schema that is a number; characters of a text of others that is shown.
_DIGITS, _TOLD = 6, 500
# Names of packed moves beside those of releases, which are numbers.
_JOURNAL, _EARLIER = "rollout", "earlier"

_RELEASES: TypeAdapter[tuple[Release, ...]] = TypeAdapter(tuple[Release, ...])


def parse(config_map: Mapping[str, Any] | None) -> Record:
    """Reads the record, also one that an older dagship wrote; an empty one when there is none yet.

    Raises:
        UsageError: A newer dagship wrote it, it is damaged, or it is somebody else's.

    """
    data = (config_map or {}).get("data") or {}
    schema = data.get("schema", "1")
    if schema.isascii() and schema.isdecimal() and len(schema) <= _DIGITS and int(schema) > SCHEMA:
        raise _newer(data)
    if not data.keys() <= _KEYS:  # it must not be overwritten
        raise UsageError(
            f"The ConfigMap {NAME} is not dagship's: it has the key {min(data.keys() - _KEYS)}.",
            "dagship keeps its record in a ConfigMap of that name. Give the other one another name.",
        )
    try:
        return _read(data, schema)
    except (KeyError, ValueError) as broken:  # pydantic's error is a ValueError
        raise UsageError(
            f"The ConfigMap {NAME} is damaged: it does not hold what dagship wrote there.",
            "It holds the releases, and the way back of a rollout that was cut off. Restore it from a backup; where "
            f"there is none, save it (kubectl get configmap {NAME} -o yaml), see that every workload says the image "
            "that it is to run, and only then delete it.",
            str(broken)[:_TOLD],
        ) from broken


def _read(data: dict[str, str], schema: str) -> Record:
    releases = _RELEASES.validate_json(data.get("releases", "[]"))
    journal = Journal.model_validate_json(data["rollout"]) if data.get("rollout") else None
    if schema in ("2", "3", "4", "5", str(SCHEMA)):
        moves = packing.unpack(data["moves"])
        changes = packing.unpack_documents(data["changes"]) if data.get("changes") else {}
        releases = tuple(
            one.model_copy(update={"moves": moves[str(one.number)], "changes": changes.get(str(one.number))})
            for one in releases
        )
        if journal is not None:
            journal = journal.model_copy(update={"moves": moves[_JOURNAL], "earlier": moves[_EARLIER]})
    elif schema != "1":
        raise ValueError(f"its schema is {schema[:_TOLD]!r}")
    hold = Hold.model_validate_json(data["hold"]) if data.get("hold") else None
    return Record(releases=releases, journal=journal, hold=hold)


def _newer(data: dict[str, str]) -> UsageError:
    wrote = data.get("version", "")[:_TOLD]
    return UsageError(
        f"The record in this namespace was written by a newer dagship{wrote and f', {wrote}'}: its form is "
        f"{data['schema']}, and dagship {version('dagship')} knows forms up to {SCHEMA}.",
        f"Use dagship {wrote or 'of that version'} or newer here. The record holds the way back: leave it as it is.",
    )


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


def dump(record: Record) -> dict[str, str]:
    """Returns the data of the ConfigMap."""
    journal = record.journal
    apart = {"moves", "changes"}
    releases = [one.model_dump(mode="json", exclude_defaults=True, exclude=apart) for one in record.releases]
    changes = {str(one.number): one.changes for one in record.releases if one.changes is not None}
    moves = {str(one.number): one.moves for one in record.releases}
    if journal is not None:
        moves |= {_JOURNAL: journal.moves, _EARLIER: journal.earlier}
    return {
        "schema": str(SCHEMA),
        "version": version("dagship"),
        "releases": json.dumps(releases, indent=1),
        "rollout": journal.model_dump_json(exclude_defaults=True, exclude={"moves", "earlier"}) if journal else "",
        "moves": packing.pack(moves),
        **({"changes": packing.pack_documents(changes)} if changes else {}),
        **({"hold": record.hold.model_dump_json()} if record.hold else {}),
    }


def store(cluster: "Cluster", written: Record, seen: dict[str, Any] | None) -> dict[str, Any]:
    """Writes the record in the place of the one that was seen, and returns the ConfigMap as it is now.

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
