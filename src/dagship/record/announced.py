"""The ConfigMap in which a DAG version is announced, with packages of versions: what it says, and is to say. Pure.

The pods have it mounted, so that one write brings a version and says that new runs are to get it.
"""

import base64
import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from dagship.errors import UsageError
from dagship.model.dag_versions import is_id
from dagship.model.thin import CURRENT, FORM, PACKAGES, Announcement, Packaged

_SUFFIX = ".tgz"
_LABELS = {"app.kubernetes.io/managed-by": "dagship"}
_TOLD, _DETAIL = 80, 500


class Announced(NamedTuple):
    """What the ConfigMap says.

    Attributes:
        announcement: The version that new runs are to get; None where that is the image's own.
        packages: The versions that it has packages of.
        bytes: What all packages take.

    """

    announcement: Announcement | None
    packages: dict[str, Packaged]
    bytes: int


NOTHING = Announced(announcement=None, packages={}, bytes=0)


def read(raw: Mapping[str, Any] | None) -> Announced:
    """Reads it; nothing where it is not there.

    Raises:
        UsageError: It is damaged, or a newer dagship wrote it.

    """
    data, packages = (raw or {}).get("data") or {}, (raw or {}).get("binaryData") or {}
    try:
        told = json.loads(data.get(PACKAGES) or "{}")
        known = {version: Packaged.model_validate(one) for version, one in told.items() if _key(version) in packages}
        announcement = Announcement.model_validate_json(data[CURRENT]) if data.get(CURRENT) else None
        size = sum(len(base64.b64decode(text)) for text in packages.values())
    except (AttributeError, TypeError, ValueError) as broken:  # pydantic's error is a ValueError
        raise _unread(raw or {}, data, str(broken)) from broken
    for version in (*known, *([announcement.version] if announcement else ())):
        if not is_id(version):
            raise _unread(raw or {}, data, f"{version[:_TOLD]!r} is no id of a DAG version")
    return Announced(announcement=announcement, packages=known, bytes=size)


def _unread(raw: Mapping[str, Any], data: Mapping[str, str], broken: str) -> UsageError:
    name = (raw.get("metadata") or {}).get("name", "")
    newer = _form(data.get(CURRENT) or "") > FORM
    why = "a newer dagship wrote it" if newer else "it does not hold what dagship wrote there"
    return UsageError(
        f"The ConfigMap {name} with what is announced cannot be read: {why}.",
        f"Use that dagship; or delete it (kubectl delete configmap {name}): what runs keeps what it has, and the next "
        "deploy or rollback writes it again.",
        broken[:_DETAIL],
    )


def _form(text: str) -> int:
    try:
        found = json.loads(text).get("form")
    except (AttributeError, ValueError):
        return 0
    return found if isinstance(found, int) else 0


def value(announcement: Announcement) -> str:
    """Returns an announcement as the record and a plan have it: each time that it is written it has another serial."""
    return announcement.model_dump_json(exclude={"serial"})


def said(raw: Mapping[str, Any] | None) -> str | None:
    """Returns what is announced, in that form; None where nothing is, and what is there where it cannot be read."""
    text = ((raw or {}).get("data") or {}).get(CURRENT)
    try:
        return value(Announcement.model_validate_json(text)) if text else None
    except ValueError:
        return str(text)


def of_value(text: str | None) -> Announcement | None:
    """Returns the announcement of such a value; its serial is 0."""
    return None if text is None else Announcement.model_validate({"serial": 0, **json.loads(text)})


def shown(text: str | None) -> str:
    """Returns such a value for people: the version."""
    try:
        found = of_value(text)
    except (TypeError, ValueError):
        return " ".join((text or "").split())[:_TOLD]
    return f"DAG version {found.version}" if found else "the image's own DAGs"


def written(
    name: str,
    raw: Mapping[str, Any] | None,
    after: str | None,
    *,
    bring: Mapping[str, tuple[Packaged, bytes]],
    drop: Collection[str],
    now: float,
) -> dict[str, Any]:
    """Returns the body of the one write: a patch of the ConfigMap as it was looked at, or all of a new one.

    Args:
        name: Its name.
        raw: As it was looked at; None where it is not there.
        after: What is to be announced, as `value` has it; None for the image's own DAGs.
        bring: Packages that it is to have besides.
        drop: Versions whose packages go.
        now: Epoch seconds: serials go up also where there is none to count on from.

    """
    there = read(raw)
    wanted = of_value(after)
    last = there.announcement.serial if there.announcement else 0
    serial = last if after == said(raw) else max(last + 1, int(now))
    current = wanted.model_copy(update={"serial": serial}).model_dump_json() if wanted else None
    going = [version for version in drop if version not in bring]
    packages = {version: one for version, one in there.packages.items() if version not in going}
    packages |= {version: one for version, (one, _) in bring.items()}
    told = {version: packages[version].model_dump(mode="json") for version in sorted(packages)}
    body: dict[str, Any] = {
        "metadata": {"name": name, "labels": _LABELS},
        "data": {CURRENT: current, PACKAGES: json.dumps(told)},
        "binaryData": {_key(version): base64.b64encode(content).decode() for version, (_, content) in bring.items()},
    }
    if raw is None:
        return {**body, "data": {key: text for key, text in body["data"].items() if text is not None}}
    body["metadata"]["resourceVersion"] = raw["metadata"]["resourceVersion"]
    body["binaryData"] |= dict.fromkeys(map(_key, going))
    return body


def _key(version: str) -> str:
    return f"{version}{_SUFFIX}"
