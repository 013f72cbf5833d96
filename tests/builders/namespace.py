"""A namespace of plain data, with a clock of its own: to a rollout it is the gateway, the feed and the lease at once.

It keeps objects as a server does: a patch merges, a write of an object that is gone is refused. Controllers there are
none; what they would do is a list of things that happen at a time.
"""

import copy
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dagship.cluster.failures import NotFound
from dagship.record import form
from tests.builders import pods as o

if TYPE_CHECKING:
    from dagship.errors import DagshipError


class Namespace:
    """Objects by kind and name.

    Attributes:
        now: Epoch seconds.
        age: Seconds since the server was last heard of.
        events: What it answers who asks for events.
        asked: Seconds at which it was asked for them, and for which.
        printed: By pod, container and whether of the run before, its log.
        deleted: Names of the pods that were deleted, in order.
        patched: Names of the objects that were patched, in order, without the record.
        checks: How often the lease was checked.
        refusals: By name, what a patch of it comes to.

    """

    namespace = "airflow"
    context = "tests"

    def __init__(self, *objects: o.Raw) -> None:
        self.kept: dict[str, dict[str, o.Raw]] = {kind: {} for kind in ("StatefulSet", "Deployment", "ReplicaSet")}
        self.kept |= {"Pod": {}, "CronJob": {}, "ConfigMap": {}}
        self.now = o.NOW
        self.age = 0.0
        self.events: list[o.Raw] = []
        self.asked: list[tuple[float, str]] = []
        self.printed: dict[tuple[str, str, bool], str] = {}
        self.deleted: list[str] = []
        self.patched: list[str] = []
        self.checks = 0
        self.refusals: dict[str, DagshipError] = {}
        self.requests: Counter[str] = Counter()
        self._later: list[tuple[float, Callable[[], object]]] = []
        for each in objects:
            self.put(each["kind"], each)

    def after(self, seconds: float, happens: Callable[[], object]) -> None:
        """Has something happen, that many seconds from now."""
        self._later.append((self.now + seconds, happens))

    # The clock and the lease.

    def clock(self) -> float:
        return self.now

    def check(self) -> None:
        self.checks += 1

    # The feed.

    def objects(self, kind: str) -> dict[str, o.Raw]:
        return self.kept[kind]

    def changed(self, after: int, timeout: float) -> int:
        """Goes to the next thing that happens, or to the end of the wait."""
        until = self.now + timeout
        due = sorted((each for each in self._later if each[0] <= until), key=lambda each: each[0])
        self.now = max(self.now, due[0][0]) if due else until
        if not due:
            return after
        self._later.remove(due[0])
        due[0][1]()
        return after + 1

    def put(self, kind: str, item: o.Raw) -> None:
        version = {"resourceVersion": "1", **item["metadata"]}
        self.kept[kind][item["metadata"]["name"]] = {**item, "metadata": version}

    # The gateway.

    def get(self, kind: str, name: str) -> o.Raw:
        if name not in self.kept[kind]:
            raise NotFound(f"Cannot read {kind} {name}: it is not there.")
        return self.kept[kind][name]

    def can(self, *_: str, **__: str) -> bool:
        return True

    def list(self, kind: str, *, selector: str = "", fields: str = "") -> list[o.Raw]:  # noqa: ARG002
        if kind == "Event":
            self.asked.append((self.now - o.NOW, fields))
            return self.events
        return list(self.kept[kind].values())

    def patch(self, kind: str, name: str, body: o.Raw, *, dry_run: bool = False) -> o.Raw:
        before = self.get(kind, name)
        if dry_run:
            return _merged(before, body)  # type: ignore[no-any-return]
        if name in self.refusals:
            raise self.refusals[name]
        if (kind, name) != ("ConfigMap", form.NAME):
            self.patched.append(name)
        merged = _merged(before, body)
        for part in ("data", "binaryData") if kind == "ConfigMap" else ():
            merged[part] = {key: text for key, text in (merged.get(part) or {}).items() if text is not None}
        self.kept[kind][name] = merged
        return merged  # type: ignore[no-any-return]

    def create(self, kind: str, body: o.Raw, *, dry_run: bool = False) -> o.Raw:
        if dry_run:
            return body
        self.put(kind, body)
        return self.kept[kind][body["metadata"]["name"]]

    def delete(self, kind: str, name: str, *, uid: str) -> bool:
        assert self.kept[kind][name]["metadata"]["uid"] == uid
        self.deleted.append(name)
        return True

    def logs(self, pod: str, container: str, *, previous: bool = False) -> str:
        return self.printed.get((pod, container, previous), "")


def _merged(before: Any, change: Any) -> Any:
    """A strategic merge, as far as it goes here: lists are of what has a name."""
    if isinstance(before, dict) and isinstance(change, dict):
        merged = {key: _merged(before.get(key), change[key]) for key in change if key != "$patch"}
        return {**before, **merged}
    if isinstance(before, list) and isinstance(change, list):
        changes = {each["name"]: each for each in change}
        kept = [_merged(each, changes.pop(each["name"], {})) for each in before]
        gone = {each["name"] for each in change if each.get("$patch") == "delete"}
        return [each for each in (*kept, *changes.values()) if each["name"] not in gone]
    return copy.deepcopy(change)
