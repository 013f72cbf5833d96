"""A DAG version is announced to what runs where that can take it; else every pod moves, and it is said why."""

from dataclasses import replace

import pytest

from dagship.model.artifacts import Target
from dagship.model.thin import CURRENT
from dagship.rollout.plan import resume
from dagship.rollout.plan.model import Planned
from dagship.rollout.thin import way
from dagship.rollout.thin.way import Here
from tests.builders import thin
from tests.builders.thin import EVERY_POD, REPOSITORY, announcing, here, journal, value

V7 = "7" * 12


def full(target: Target | None = None) -> Planned:
    return Planned(kind="rollout", target=target or thin.target(), moves=(EVERY_POD,), warnings=("something stays",))


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


def test_what_was_announced_is_taken_back_when_every_pod_moves() -> None:
    there = here(thin.config_map(thin.announcement()))

    assert way.cleared(there) == (announcing(value(), None),)
    assert way.current(way.cleared(there)) == thin.V6


def test_what_a_rollout_that_was_cut_off_has_taken_back_stays_taken_back_in_the_next() -> None:
    taken_back = announcing(value(), None)
    record = journal(taken_back)
    there = here(thin.config_map(None, v6=b"abc"), record=record)

    assert resume.gone_on(way.cleared(there), record.journal, there.survey.inventory.objects) == (taken_back,)


def test_packages_are_looked_through_when_every_pod_has_moved() -> None:
    assert here(thin.config_map(None, v5=b"abc")).sweeps == "dagship-dags"
    assert here(thin.config_map(thin.announcement())).sweeps == here().sweeps == ""


def test_where_nothing_is_announced_or_nobody_can_read_it_nothing_is_taken_back() -> None:
    by_hand = {"kind": "ConfigMap", "metadata": {"name": "dagship-dags"}, "data": {CURRENT: "by hand"}}

    assert way.cleared(here()) == way.cleared(here(thin.config_map())) == way.cleared(here(by_hand)) == ()
    assert way.current([EVERY_POD]) == way.current([announcing(None, value())]) == ""
