"""The labels of the chart's objects. Pure."""

from collections.abc import Iterable
from typing import Any

NAME = "airflow"
INSTANCE = "app.kubernetes.io/instance"

_NAME = "app.kubernetes.io/name"
_COMPONENT = "app.kubernetes.io/component"

Raw = dict[str, Any]


def selector(release: str) -> str:
    """Returns the label selector of a release's objects."""
    return f"{_NAME}={NAME},{INSTANCE}={release}"


def of_release(objects: Iterable[Raw], release: str) -> list[Raw]:
    """Returns the objects that have a release's labels."""
    wanted = {_NAME: NAME, INSTANCE: release}
    return [one for one in objects if wanted.items() <= (one["metadata"].get("labels") or {}).items()]


def component(raw: Raw) -> str:
    """Returns what of a release an object is: `worker`, `postgres`, `migrate` and so on."""
    return str((raw["metadata"].get("labels") or {}).get(_COMPONENT, ""))
