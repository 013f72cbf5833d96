"""What a plan turns into once it is known what Airflow says, and what there is room for."""

from dataclasses import replace
from typing import Any

from dagship.model.thin import MOST
from dagship.rollout.execute import phases
from dagship.rollout.execute.operation import Operation
from dagship.rollout.plan.model import Planned, as_planned
from tests.builders import operations, thin
from tests.builders.namespace import Namespace
from tests.builders.thin import EVERY_POD, announcing, value

SAME = EVERY_POD.model_copy(update={"changes": (EVERY_POD.changes[0].model_copy(update={"before": "y"}),)})


def settled(plan: Planned, namespace: Namespace, size: int = 3) -> Operation:
    operation = replace(operations.operation(namespace, plan), fetch=lambda _: b"x" * size)
    return phases._settle(operation, as_planned)


def planned(*moves: Any, **more: Any) -> Planned:
    return Planned(kind="rollout", target=thin.target(), moves=moves, **more)


def test_what_has_room_is_announced() -> None:
    plan = planned(announcing(None, value()))

    assert settled(plan, Namespace()).plan == plan


def test_the_image_that_runs_is_none_that_could_lack_room() -> None:
    """No image moves, and what was announced to it is taken back."""
    plan = planned(SAME, announcing(value(), None))

    assert plan.announces
    assert settled(plan, Namespace(thin.config_map(thin.announcement(), v6=b"abc"))).plan == plan


def test_without_room_every_pod_moves() -> None:
    full = planned(EVERY_POD)
    plan = planned(announcing(None, value()), otherwise=full)

    assert settled(plan, Namespace(), MOST + 1).plan.moves == full.moves
