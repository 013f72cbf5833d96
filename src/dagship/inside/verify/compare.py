"""Whether a DAG is the same whenever it is parsed: another process, with another seed for hashes, must get the same.

What varies makes a new version of the DAG at each parse: a time, a random number, the order of a set.
"""

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

_LONGEST, _MOST = 200, 50
_WRAPPING = ("__var", "__type")


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Returns the ids of the DAGs that two processes saw in a file and that are not the same."""
    digests = {dag["id"]: dag["digest"] for dag in other["dags"]}
    return [dag["id"] for dag in one["dags"] if digests.get(dag["id"], "") != dag["digest"]]


def differences(one: str, other: str) -> dict[str, Any]:
    """Returns the places at which two serialized DAGs differ, and what each has at the first of them.

    Args:
        one: A DAG as JSON.
        other: The same from another process.

    Returns:
        `where`, for people: `dag.tasks.extract.bash_command`; empty when they are the same. `one` and `other`, cut.
        `more`: the other places.

    """
    try:
        found = list(itertools.islice(_all(json.loads(one), json.loads(other), ()), _MOST))
    except (ValueError, RecursionError):
        found = []
    where, first, second = found[0] if found else ("", "", "")
    more = dict.fromkeys(place for place, _, _ in found[1:] if place != where)
    return {"where": where, "one": _cut(first), "other": _cut(second), "more": list(more)}


def _all(one: Any, other: Any, path: "tuple[str, ...]") -> "Iterator[tuple[str, Any, Any]]":
    if one == other:
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from _all(one.get(key), other.get(key), (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other)):  # noqa: B905 - as long
            yield from _all(left, right, (*path, _name(left) or str(number)))
    else:
        yield ".".join(part for part in path if part not in _WRAPPING), one, other


def _name(entry: Any) -> str:
    """The id of a task, where an entry is one."""
    inner = entry.get("__var", entry) if isinstance(entry, dict) else None
    name = inner.get("task_id") if isinstance(inner, dict) else None
    return name if isinstance(name, str) else ""


def _cut(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
