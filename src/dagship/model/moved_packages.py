"""The label of an image that says which packages of its base it has in another version. Pure."""

import json
from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from dagship.model.artifacts import Moved

LABEL_MOVED = "io.dagship.moved"

_PACKAGES = TypeAdapter(tuple[Moved, ...])


def labels(moved: Sequence[Moved]) -> dict[str, str]:
    """Returns the label of an image that moves packages; none where it moves none."""
    if not moved:
        return {}
    return {LABEL_MOVED: json.dumps([each.model_dump() for each in moved], separators=(",", ":"), ensure_ascii=False)}


def of(labels: Mapping[str, str]) -> tuple[Moved, ...]:
    """Returns the packages that the labels of an image name; none where it has no such label, or not one of ours."""
    try:
        return _PACKAGES.validate_json(labels.get(LABEL_MOVED, "[]"))
    except ValidationError:
        return ()
