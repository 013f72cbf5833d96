"""What a plan turns into once it is known what Airflow says, and what there is room for."""

import io
from dataclasses import replace
from typing import Any

import pytest

from dagship.airflow.activity import Activity
from dagship.model.thin import MOST
from dagship.record import form
from dagship.record.model import Record, Release
from dagship.rollout import actions
from dagship.rollout.execute import phases
from dagship.rollout.execute.operation import Observed, Operation
from dagship.rollout.options import RolloutOptions
from dagship.rollout.plan.model import Planned, as_planned
from dagship.terminal.console import Console
from tests.builders import operations, thin
from tests.builders.namespace import Namespace
from tests.builders.thin import EVERY_POD, announcing, value

READY = [{"type": "Ready", "status": "True"}]
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


class Silent(Namespace):
    """A namespace in which no container may be asked for anything."""

    def exec(self, *_: Any, **__: Any) -> Any:
        pytest.fail("Airflow was asked")


def test_what_airflow_said_before_another_rollout_was_waited_for_is_not_gone_by_where_a_version_is_announced() -> None:
    """Runs may have begun since on what that one announced; Airflow is asked again only where that matters."""
    namespace: Any = Silent(*thin.airflow())
    plan = planned(announcing(None, value()))
    before = operations.operation(namespace, plan, activity=Activity())
    now, _ = phases._reread(replace(before, fetch=lambda _: b"abc"), namespace, lambda _: plan, as_planned)

    assert (now.plan, now.observed) == (plan, Observed())


@pytest.mark.parametrize("there", [None, thin.config_map(thin.announcement(thin.V5, thin.T5), v5=b"abc")])
def test_nothing_runs_in_a_container_before_a_version_is_announced(there: Any) -> None:
    """Neither where it is one more nor where the ConfigMap was deleted: what tasks do has no bearing on it."""
    former = thin.target(thin.V5, thin.T5)
    release = Release(
        number=1, kind="rollout", image=former.image, when="", moves=(announcing(None, value(thin.V5, thin.T5)),),
        **former.facts(Release),
    )  # fmt: skip
    record = form.dump(Record(releases=(release,)))
    scheduler = {"kind": "Pod", "metadata": {"name": "scheduler-0"}, "status": {"conditions": READY}}
    objects = [scheduler, {"kind": "ConfigMap", "metadata": {"name": form.NAME}, "data": record}, there]
    namespace: Any = Silent(*thin.airflow(), *filter(None, objects))
    options = RolloutOptions(dry_run=True, wait_for_runs=1.0)
    result = actions.rollout(
        namespace, Console(stderr=io.StringIO()), thin.target(), options, lambda image: image.encode()
    )

    assert (result.outcome, result.live) == ("planned", None)
    assert [move.role for move in result.moves] == ["announcement"]
