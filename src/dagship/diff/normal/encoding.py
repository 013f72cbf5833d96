"""Takes Airflow's encoding off a value, `{"__type": "dict", "__var": {…}}` and the like. Pure."""

import datetime as dt
import json
from typing import Any

_TYPE, _VALUE = "__type", "__var"
_UNORDERED = ("set", "frozenset")
_LONGEST = 1000
# Of a value that nests without end Airflow makes text; this is for what somebody else has put there.
_DEPTH = 100


def plain(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - JSON
    """Returns a value as JSON holds it without the encoding; sets as sorted lists, times as text."""
    if depth > _DEPTH:
        return str(value)[:_LONGEST]
    if isinstance(value, list):
        return [plain(each, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() != {_TYPE, _VALUE}:
        return {key: plain(each, depth + 1) for key, each in value.items()}
    return _of_kind(value[_TYPE], plain(value[_VALUE], depth + 1))


def _of_kind(kind: Any, inner: Any) -> Any:  # noqa: ANN401 - JSON
    if kind in _UNORDERED and isinstance(inner, list):
        return sorted(inner, key=ordered)
    return duration(inner) if kind == "timedelta" else moment(inner) if kind == "datetime" else inner


def duration(seconds: Any) -> Any:  # noqa: ANN401 - JSON
    """Returns seconds as Python writes a duration: `1 day, 2:00:00`; what is none as it is."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return plain(seconds)
    try:
        return str(dt.timedelta(seconds=seconds))
    except (OverflowError, ValueError):
        return seconds


def moment(epoch: Any) -> Any:  # noqa: ANN401 - JSON
    """Returns seconds since the epoch as ISO 8601 in UTC; what is none as it is."""
    if isinstance(epoch, bool) or not isinstance(epoch, int | float):
        return plain(epoch)
    try:
        return dt.datetime.fromtimestamp(epoch, tz=dt.UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return epoch


def text(value: Any) -> str:  # noqa: ANN401 - JSON
    """Returns a value for people, cut where it is long."""
    said = value if isinstance(value, str) else ordered(value)
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"


def ordered(value: Any) -> str:  # noqa: ANN401 - JSON
    """Returns a value as JSON with its keys in order: the same text for the same value."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
