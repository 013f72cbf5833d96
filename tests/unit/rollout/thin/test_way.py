"""A DAG version is announced to what runs where that can take it; else every pod moves, and it is said why."""

from dataclasses import replace
from typing import Any

import pytest

from dagship.airflow.activity import Activity
from dagship.model.artifacts import Target
from dagship.model.thin import CURRENT
from dagship.record import announced
from dagship.record.model import Change, Journal, Move, Record, Release
from dagship.rollout.options import RolloutOptions
from dagship.rollout.plan.model import Planned
from dagship.rollout.survey import Survey
from dagship.rollout.thin import way
from dagship.rollout.thin.way import Here
from dagship.workloads import selection, spec
from dagship.workloads.inventory import Inventory
from dagship.workloads.kinds import KINDS
from tests.builders import thin
from tests.builders.airflow import Object

REPOSITORY = "registry.example:5000/team/airflow"
EVERY_POD = Move(
    kind="StatefulSet", name="worker", changes=(Change(field="image", container="worker", before="x", after="y"),)
)
V7 = "7" * 12


def here(*objects: Object, record: Record | None = None, image: str = thin.RUNS, **options: Any) -> Here:
    made = {(one["kind"], one["metadata"]["name"]): one for one in (*thin.airflow(image), *objects)}
    workloads = tuple(spec.read(kind, raw) for (kind, _), raw in made.items() if kind in KINDS)
    survey = Survey(inventory=Inventory(objects=made, workloads=workloads), record=record or Record())
    selected = selection.select(workloads, repositories=[REPOSITORY])
    return way.here(survey, selected, [REPOSITORY], RolloutOptions(**options))


def full(target: Target | None = None) -> Planned:
    return Planned(kind="rollout", target=target or thin.target(), moves=(EVERY_POD,), warnings=("something stays",))


def journal(*moves: Move, version: str = thin.V6, kind: Any = "rollout") -> Record:
    begun = Journal(
        state="moving", kind=kind, image=thin.T6, dag_version=version, airflow="", who="", job="", began="",
        moves=moves,
    )  # fmt: skip
    return Record(journal=begun)


def announcing(before: str | None, after: str | None) -> Move:
    change = Change(field="announced", name=CURRENT, before=before, after=after)
    return Move(kind="ConfigMap", name="dagship-dags", role="announcement", step=3, changes=(change,))


def value(version: str = thin.V6, image: str = thin.T6) -> str:
    return announced.value(thin.announcement(version, image))


def activity(**more: Any) -> Activity:
    said = {"airflow": "3.3.2", "baked": True, "held": (thin.BASE, "a" * 12), "current": thin.BASE}
    return Activity(**said | {"foundation": thin.FOUNDATION} | more)


# Rollout.


def test_a_thin_image_moves_no_pod_where_what_runs_takes_it() -> None:
    planned = way.rollout(full(), here(thin.config_map(thin.announcement(thin.V5, thin.T5), v5=b"abc")))

    assert planned.moves == (announcing(value(thin.V5, thin.T5), value()),)
    assert planned.announces
    assert planned.way == (
        f"DAG version {thin.V6} is announced to what runs, {REPOSITORY}@000000000000; no pod is replaced"
    )
    assert planned.about >= {"deployment/scheduler", "deployment/dag-processor", "statefulset/worker"}
    assert planned.otherwise == full()
    assert planned.warnings == ()


@pytest.mark.parametrize(
    ("there", "target", "why"),
    [
        (here(full=True), thin.target(), "as --full asks for it"),
        (here(names=("statefulset/worker",)), thin.target(), "since --workloads names what is to move"),
        (here(image=f"{REPOSITORY}:1"), thin.target(), "by a tag, and not by digest"),
        (here(), thin.target(onto=thin.T5), f"since it was made for {REPOSITORY}@555555555555, and {REPOSITORY}@0000"),
    ],
)
def test_where_it_cannot_be_every_pod_moves_and_it_is_said_why(there: Here, target: Target, why: str) -> None:
    planned = way.rollout(full(target), there)

    assert planned.way.startswith("every pod moves to the image, ")
    assert why in planned.way
    assert replace(planned, way="") == full(target)


def test_an_image_that_was_built_whole_goes_the_one_way_there_is() -> None:
    whole = full(thin.target().model_copy(update={"thin": None}))

    assert way.rollout(whole, here()) == whole


def test_where_every_pod_runs_the_image_already_there_are_no_two_ways() -> None:
    move = EVERY_POD.model_copy(update={"changes": (EVERY_POD.changes[0].model_copy(update={"before": "y"}),)})
    there = replace(full(), moves=(move,))

    assert way.rollout(there, here()) == there


def test_one_that_was_cut_off_goes_back_to_what_was_before_it() -> None:
    """A deployer was killed after its write; the next one brings another version."""
    was = value(thin.V5, thin.T5)
    there = here(thin.config_map(thin.announcement()), record=journal(announcing(was, value())))
    planned = way.rollout(full(thin.target(V7, thin.T5)), there)

    assert planned.moves == (announcing(was, value(V7, thin.T5)),)


def test_without_room_every_pod_moves() -> None:
    planned = way.without_room(way.rollout(full(), here()), "it is too much")

    assert replace(planned, way="") == full()
    assert planned.way == "every pod moves to the image, since it is too much"


# Every pod moves.


def test_what_was_announced_is_taken_back_when_every_pod_moves() -> None:
    there = here(thin.config_map(thin.announcement()))

    assert way.cleared(there) == (announcing(value(), None),)
    assert way.current(way.cleared(there)) == thin.V6


def test_packages_are_looked_through_when_every_pod_has_moved() -> None:
    assert here(thin.config_map(None, v5=b"abc")).sweeps == "dagship-dags"
    assert here(thin.config_map(thin.announcement())).sweeps == here().sweeps == ""


def test_where_nothing_is_announced_or_nobody_can_read_it_nothing_is_taken_back() -> None:
    by_hand = {"kind": "ConfigMap", "metadata": {"name": "dagship-dags"}, "data": {CURRENT: "by hand"}}

    assert way.cleared(here()) == way.cleared(here(thin.config_map())) == way.cleared(here(by_hand)) == ()
    assert way.current([EVERY_POD]) == way.current([announcing(None, value())]) == ""


# Rollback.


def back(target: Target, there: Here, said: Activity | None = None) -> Planned:
    plan = Planned(kind="rollback", target=target, moves=(EVERY_POD,))
    return way.rollback(plan, there, way.said(said or activity()))


def former(version: str, image: str = f"{REPOSITORY}@sha256:{'d' * 64}") -> Target:
    """A whole image of an earlier release."""
    digests = (version[:1] * 64,)
    return Target(image=image, digest=image.partition("@")[2], dag_version=version, dag_digests=digests)


def test_back_to_what_the_image_serves_by_itself_nothing_is_announced_any_more() -> None:
    planned = back(former(thin.BASE, thin.RUNS), here(thin.config_map(thin.announcement())))

    assert planned.moves == (announcing(value(), None),)
    assert (planned.target.image, planned.target.dag_version) == (thin.RUNS, thin.BASE)
    assert planned.warnings == ()


def test_back_to_a_version_of_a_package() -> None:
    there = here(thin.config_map(thin.announcement(), v5=b"abc", v6=b"abc"))
    planned = back(former(thin.V5), there)

    assert planned.moves == (announcing(value(), value(thin.V5, thin.T5)),)
    assert planned.target.image == thin.T5
    assert planned.target.thin is not None
    assert planned.target.thin.tree == "5" * 64
    assert planned.warnings == (
        f"the image stays, and announces DAG version {thin.V5}: packages and plugins are those of now",
    )


def test_back_to_a_thin_release_whose_package_is_gone_it_comes_from_its_image_again() -> None:
    planned = back(thin.target(thin.V5, thin.T5), here(thin.config_map(thin.announcement(), v6=b"abc")))

    assert planned.moves == (announcing(value(), value(thin.V5, thin.T5)),)
    assert planned.target.image == thin.T5
    assert planned.warnings == ()


def test_back_to_an_older_version_in_the_image_no_package_is_needed() -> None:
    planned = back(former("a" * 12), here(thin.config_map(thin.announcement())))
    wanted = announced.of_value(planned.moves[0].changes[0].after)

    assert wanted is not None
    assert (wanted.version, wanted.tree, wanted.image, wanted.base) == ("a" * 12, "a" * 64, "", thin.BASE)
    assert (planned.target.image, planned.target.thin) == (thin.RUNS, None)


@pytest.mark.parametrize(
    ("target", "there", "said"),
    [
        (former("e" * 12), here(), activity()),
        (former("a" * 12).model_copy(update={"dag_digests": ()}), here(), activity()),
        (former("a" * 12), here(), activity(foundation="")),
        (former("a" * 12), here(), activity(baked=False)),
        (former("a" * 12), here(full=True), activity()),
        (former("a" * 12), here(names=("statefulset/worker",)), activity()),
        (former("a" * 12), here(image=f"{REPOSITORY}:1"), activity()),
        (thin.target(thin.V5, thin.T5), here(), activity(foundation="e" * 64)),
        (former(""), here(), activity()),
        # It is served already: then it is the image of that release that is wanted.
        (former(thin.BASE), here(), activity()),
        (thin.target(), here(thin.config_map(thin.announcement(), v6=b"abc")), activity()),
    ],
)
def test_what_runs_cannot_take_is_brought_by_its_image(target: Target, there: Here, said: Activity) -> None:
    assert back(target, there, said).moves == (EVERY_POD,)


def test_without_an_answer_of_airflow_the_image_is_what_moves() -> None:
    plan = Planned(kind="rollback", target=former("a" * 12), moves=(EVERY_POD,))

    assert way.said(None) is None
    assert way.rollback(plan, here(), None) == plan


def test_what_was_announced_to_the_image_once_has_told_all_of_it_and_airflow_need_not_be_asked() -> None:
    release = Release(number=1, kind="rollout", image=thin.T6, when="", **thin.target().facts(Release))
    record = Record(releases=(release,))

    assert way.recorded(here(record=record)) == way.Running(thin.BASE, thin.FOUNDATION, (thin.BASE,), "3.3.2")
    assert way.recorded(here(record=record, image=thin.T5)) is None
    assert way.recorded(here()) is None


def test_a_rollback_that_was_cut_off_after_its_write_is_gone_on_with() -> None:
    record = journal(announcing(value(), value(thin.V5, thin.T5)), version=thin.V5, kind="rollback")
    there = here(thin.config_map(thin.announcement(thin.V5, thin.T5), v5=b"abc"), record=record)

    assert back(thin.target(thin.V5, thin.T5), there).moves[0].changes[0].before == value()
