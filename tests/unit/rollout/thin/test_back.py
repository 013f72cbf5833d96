"""A way back within what runs: to its own DAGs, to older ones that it holds, or to a package."""

from typing import Any

import pytest

from dagship.airflow.activity import Activity
from dagship.model.artifacts import Target
from dagship.record import announced
from dagship.record.model import Record, Release
from dagship.rollout.plan.model import Planned
from dagship.rollout.thin.back import Running, every_pod, recorded, rollback, said
from dagship.rollout.thin.way import Here
from tests.builders import thin
from tests.builders.thin import EVERY_POD, REPOSITORY, announcing, here, journal, value


def activity(**more: Any) -> Activity:
    known = {"airflow": "3.3.2", "baked": True, "held": (thin.BASE, "a" * 12), "current": thin.BASE}
    return Activity(**known | {"foundation": thin.FOUNDATION} | more)


def back(target: Target, there: Here, told: Activity | None = None) -> Planned:
    plan = Planned(kind="rollback", target=target, moves=(EVERY_POD,))
    return rollback(plan, there, said(told or activity()))


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
    ("target", "there", "told"),
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
def test_what_runs_cannot_take_is_brought_by_its_image(target: Target, there: Here, told: Activity) -> None:
    assert back(target, there, told).moves == (EVERY_POD,)


@pytest.mark.parametrize(
    ("target", "there", "way"),
    [
        (
            former("e" * 12), here(thin.config_map(thin.announcement())),
            f"since what runs has DAG version {'e' * 12} neither in its image nor in a package that fits it",
        ),
        (former("a" * 12), here(full=True), "as --full asks for it"),
        (
            thin.target(), here(thin.config_map(thin.announcement(), v6=b"abc")),
            f"since DAG version {thin.V6} is announced already, and another image is wanted",
        ),
    ],
)  # fmt: skip
def test_that_every_pod_moves_is_said_with_the_reason(target: Target, there: Here, way: str) -> None:
    plan = Planned(kind="rollback", target=target, moves=(EVERY_POD,))

    assert every_pod(plan, there).way == f"every pod moves to the image, {way}"


@pytest.mark.parametrize(
    ("target", "there"),
    [
        pytest.param(former("e" * 12), here(image=f"{REPOSITORY}:1"), id="there is one way alone"),
        pytest.param(former("e" * 12), here(names=("statefulset/worker",)), id="not every pod moves"),
        pytest.param(former(""), here(), id="it is of no DAG version"),
    ],
)
def test_where_there_is_one_way_alone_nothing_is_said_of_it(target: Target, there: Here) -> None:
    plan = Planned(kind="rollback", target=target, moves=(EVERY_POD,))

    assert every_pod(plan, there) is plan


def test_without_an_answer_of_airflow_the_image_is_what_moves() -> None:
    plan = Planned(kind="rollback", target=former("a" * 12), moves=(EVERY_POD,))

    assert said(None) is None
    assert rollback(plan, here(), None) == plan


def test_what_was_announced_to_the_image_once_has_told_all_of_it_and_airflow_need_not_be_asked() -> None:
    release = Release(number=1, kind="rollout", image=thin.T6, when="", **thin.target().facts(Release))
    record = Record(releases=(release,))

    assert recorded(here(record=record)) == Running(thin.BASE, thin.FOUNDATION, (thin.BASE,), "3.3.2")
    assert recorded(here(record=record, image=thin.T5)) is None
    assert recorded(here()) is None


def test_a_rollback_that_was_cut_off_after_its_write_is_gone_on_with() -> None:
    record = journal(announcing(value(), value(thin.V5, thin.T5)), version=thin.V5, kind="rollback")
    there = here(thin.config_map(thin.announcement(thin.V5, thin.T5), v5=b"abc"), record=record)

    assert back(thin.target(thin.V5, thin.T5), there).moves[0].changes[0].before == value()
