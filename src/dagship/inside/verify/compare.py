"""Whether a DAG is the same whenever it is parsed: another process, with another seed for hashes, must get the same.

What varies makes a new version of the DAG at each parse: a time, a random number, the order of a set.
"""

import json
from collections.abc import Mapping
from typing import Any

_LONGEST = 200
_WRAPPING = ("__var", "__type")


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Returns the ids of the DAGs that two processes saw in a file and that are not the same."""
    digests = {dag["id"]: dag["digest"] for dag in other["dags"]}
    return [dag["id"] for dag in one["dags"] if digests.get(dag["id"], "") != dag["digest"]]


def difference(one: str, other: str) -> dict[str, str]:
    """Returns the first place at which two serialized DAGs differ, and what each has there.

    Args:
        one: A DAG as JSON.
        other: The same from another process.

    Returns:
        `where`, for people: `tasks.extract.bash_command`; empty when they are the same. `one` and `other`, cut.

    """
    try:
        where, first, second = _first(json.loads(one), json.loads(other), ())
    except (ValueError, RecursionError):
        return {"where": "", "one": "", "other": ""}
    return {"where": ".".join(where), "one": _cut(first), "other": _cut(second)}


def _first(one: Any, other: Any, path: "tuple[str, ...]") -> "tuple[tuple[str, ...], Any, Any]":
    if one == other:
        return (), "", ""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            if one.get(key) != other.get(key):
                return _first(one.get(key), other.get(key), (*path, key))
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other)):  # noqa: B905 - as long
            if left != right:
                return _first(left, right, (*path, _name(left) or str(number)))
    return tuple(part for part in path if part not in _WRAPPING), one, other


def _name(entry: Any) -> str:
    """The id of a task, where an entry is one."""
    inner = entry.get("__var", entry) if isinstance(entry, dict) else None
    name = inner.get("task_id") if isinstance(inner, dict) else None
    return name if isinstance(name, str) else ""


def _cut(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
