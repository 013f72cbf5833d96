"""A write whose answer was lost was made all the same: the feed is told what there is, and not what there was."""

from typing import Any

from dagship.cluster.failures import Conflict
from dagship.record.model import Change, Move
from dagship.rollout.execute import apply
from dagship.rollout.plan import drift
from tests.builders import pods as o

MOVE = Move(
    kind="StatefulSet", name="worker", changes=(Change(field="image", container="worker", before=o.V1, after=o.V2),)
)


def stateful_set(image: str, version: str) -> dict[str, Any]:
    containers = [{"name": "worker", "image": image}]
    return {
        "metadata": {"name": "worker", "resourceVersion": version},
        "spec": {"template": {"spec": {"containers": containers}}},
    }


class LostAnswer:
    """A server that does what it is asked, and whose answer does not arrive: asked again, it sees a conflict."""

    def __init__(self) -> None:
        self.kept = stateful_set(o.V1, "1")
        self.patched = 0

    def get(self, _kind: str, _name: str) -> dict[str, Any]:
        return self.kept

    def patch(self, _kind: str, _name: str, _body: dict[str, Any]) -> dict[str, Any]:
        self.kept = stateful_set(o.V2, "2")
        self.patched += 1
        raise Conflict("changed meanwhile")


class Stale:
    """A feed that has not heard of it."""

    def __init__(self) -> None:
        self.kept = stateful_set(o.V1, "1")

    def objects(self, _kind: str) -> dict[str, dict[str, Any]]:
        return {"worker": self.kept}

    def put(self, _kind: str, item: dict[str, Any]) -> None:
        self.kept = item


def test_a_write_whose_answer_was_lost_is_known_to_those_who_judge() -> None:
    server, feed = LostAnswer(), Stale()

    apply.apply(server, feed, MOVE, drift.own_values([MOVE], None))  # type: ignore[arg-type]

    assert 1 == server.patched
    assert stateful_set(o.V2, "2") == feed.kept
