"""The form of the record: the keys of a ConfigMap, and what each says. Pure.

Each release has keys of its own, so that one more of them is a write of that one, however many there are.
"""

import json
import re
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from pydantic import TypeAdapter

from dagship.errors import UsageError
from dagship.record import packing
from dagship.record.model import Hold, Journal, Record, Release

NAME = "dagship"
# Counts up with every change of the form, one field more included. The first form had no number; the second had no
# announcements; the third did not say when a release was served; the fourth not by which DAGs it was proven; the fifth
# not what it changed; the sixth had all releases under one key, their moves and what they changed under two.
SCHEMA = 7
_FIRST, _OF_ONE_KEY = "1", ("2", "3", "4", "5", "6")
_KEYS = {"schema", "version", "rollout", "rollout.moves", "rollout.earlier", "hold"}
_EARLIER_KEYS = {"schema", "version", "releases", "rollout", "hold", "moves", "changes"}
_OF_RELEASE = re.compile(r"(?:release|moves|changes)\.([0-9]{1,9})")
# Digits of a schema that is a number; characters of a text of others that is shown.
_DIGITS, _TOLD = 6, 500

_RELEASES: TypeAdapter[tuple[Release, ...]] = TypeAdapter(tuple[Release, ...])


def parse(config_map: Mapping[str, Any] | None) -> Record:
    """Reads the record, also one that an older dagship wrote; an empty one when there is none yet.

    Raises:
        UsageError: A newer dagship wrote it, it is damaged, or it is somebody else's.

    """
    data = (config_map or {}).get("data") or {}
    schema = data.get("schema", _FIRST)
    if schema.isascii() and schema.isdecimal() and len(schema) <= _DIGITS and int(schema) > SCHEMA:
        raise _newer(data)
    if schema == str(SCHEMA):
        others = {key for key in data.keys() - _KEYS if not _OF_RELEASE.fullmatch(key)}
    else:
        others = data.keys() - _EARLIER_KEYS
    if others:  # it must not be overwritten
        raise UsageError(
            f"The ConfigMap {NAME} is not dagship's: it has the key {min(others)}.",
            "dagship keeps its record in a ConfigMap of that name. Give the other one another name.",
        )
    try:
        releases, journal = _read(data) if schema == str(SCHEMA) else _read_earlier(data, schema)
        hold = Hold.model_validate_json(data["hold"]) if data.get("hold") else None
    except (KeyError, ValueError) as broken:  # pydantic's error is a ValueError
        raise UsageError(
            f"The ConfigMap {NAME} is damaged: it does not hold what dagship wrote there.",
            "It holds the releases, and the way back of a rollout that was cut off. Restore it from a backup; where "
            f"there is none, save it (kubectl get configmap {NAME} -o yaml), see that every workload says the image "
            "that it is to run, and only then delete it.",
            str(broken)[:_TOLD],
        ) from broken
    return Record(releases=releases, journal=journal, hold=hold)


def dump(record: Record) -> dict[str, str]:
    """Returns the data of the ConfigMap."""
    data = {"schema": str(SCHEMA), "version": version("dagship"), "rollout": ""}
    for one in record.releases:
        said = one.model_dump(mode="json", exclude_defaults=True, exclude={"moves", "changes"})
        data[f"release.{one.number}"] = json.dumps(said, indent=1)
        data[f"moves.{one.number}"] = packing.pack(one.moves)
        if one.changes is not None:
            data[f"changes.{one.number}"] = packing.pack_document(one.changes)
    if record.journal is not None:
        data["rollout"] = record.journal.model_dump_json(exclude_defaults=True, exclude={"moves", "earlier"})
        data["rollout.moves"] = packing.pack(record.journal.moves)
        data["rollout.earlier"] = packing.pack(record.journal.earlier)
    if record.hold is not None:
        data["hold"] = record.hold.model_dump_json()
    return data


def _read(data: Mapping[str, str]) -> tuple[tuple[Release, ...], Journal | None]:
    # Of every key: one whose release is gone is damage, and nothing to be written over.
    numbers = sorted({int(found[1]) for found in map(_OF_RELEASE.fullmatch, data) if found})
    journal = None
    if data["rollout"]:
        moves, earlier = (packing.unpack(data[f"rollout.{which}"]) for which in ("moves", "earlier"))
        journal = Journal.model_validate_json(data["rollout"]).model_copy(update={"moves": moves, "earlier": earlier})
    return tuple(_release(data, number) for number in numbers), journal


def _release(data: Mapping[str, str], number: int) -> Release:
    release = Release.model_validate_json(data[f"release.{number}"])
    if release.number != number:
        raise ValueError(f"release.{number} is of release {release.number}")
    moves, changes = packing.unpack(data[f"moves.{number}"]), data.get(f"changes.{number}")
    return release.model_copy(
        update={"moves": moves, "changes": None if changes is None else packing.unpack_document(changes)}
    )


def _read_earlier(data: Mapping[str, str], schema: str) -> tuple[tuple[Release, ...], Journal | None]:
    """Reads the forms that had all releases under one key."""
    releases = _RELEASES.validate_json(data.get("releases", "[]"))
    journal = Journal.model_validate_json(data["rollout"]) if data.get("rollout") else None
    if schema in _OF_ONE_KEY:
        moves = packing.unpack_by_name(data["moves"])
        changes = packing.unpack_documents_by_name(data["changes"]) if data.get("changes") else {}
        releases = tuple(
            one.model_copy(update={"moves": moves[str(one.number)], "changes": changes.get(str(one.number))})
            for one in releases
        )
        if journal is not None:
            journal = journal.model_copy(update={"moves": moves["rollout"], "earlier": moves["earlier"]})
    elif schema != _FIRST:
        raise ValueError(f"its schema is {schema[:_TOLD]!r}")
    return releases, journal


def _newer(data: Mapping[str, str]) -> UsageError:
    wrote = data.get("version", "")[:_TOLD]
    return UsageError(
        f"The record in this namespace was written by a newer dagship{wrote and f', {wrote}'}: its form is "
        f"{data['schema']}, and dagship {version('dagship')} knows forms up to {SCHEMA}.",
        f"Use dagship {wrote or 'of that version'} or newer here. The record holds the way back: leave it as it is.",
    )
