"""Packages that have to come with an announcement, and those that may go."""

import pytest

from dagship.airflow.activity import Activity, RunCount
from dagship.image import sidebyside
from dagship.record import announced
from dagship.record.announced import NOTHING, Announced
from dagship.record.model import Release
from dagship.rollout.thin import packages
from tests.builders import thin

V7 = "7" * 12
WANTED = thin.announcement()


def runs_on(*versions: str) -> Activity:
    counted = tuple(RunCount(version=version, state="running", runs=1) for version in versions)
    return Activity(airflow="3.3.2", baked=True, held=(thin.BASE,), current=thin.BASE, runs=counted)


def release(version: str, image: str) -> Release:
    return Release(number=1, kind="rollout", image=image, when="", **thin.target(version, image).facts(Release))


RELEASES = (release(thin.V5, thin.T5), release(thin.V6, thin.T6))


def there(*versions: str) -> Announced:
    return announced.read(thin.config_map(None, **dict.fromkeys(versions, b"abc")))


def missing(found: Announced, *versions: str) -> list[str]:
    return [one.version for one in packages.missing(found, WANTED, runs_on(*versions), RELEASES)]


def test_what_is_to_be_announced_comes_unless_it_is_there_or_in_the_image() -> None:
    assert missing(NOTHING) == [thin.V6]
    assert missing(there("v6")) == []
    assert packages.missing(NOTHING, WANTED.model_copy(update={"image": ""}), runs_on(), RELEASES) == ()
    assert packages.missing(NOTHING, None, runs_on(thin.V5), RELEASES) == ()


def test_what_runs_began_on_comes_as_well_with_where_it_is() -> None:
    assert missing(there("v6"), thin.V5, thin.BASE) == [thin.V5]
    (lost,) = packages.missing(there("v6"), WANTED, runs_on(thin.V5), RELEASES)
    assert (lost.image, lost.tree) == (thin.T5, "5" * 64)
    assert packages.missing(there("v6"), WANTED, None, RELEASES) == ()


@pytest.mark.parametrize("field", ["base", "foundation"])
def test_a_package_for_another_image_is_not_the_one_that_is_wanted(field: str) -> None:
    other = WANTED.model_copy(update={field: "e" * len(getattr(WANTED, field))})

    assert packages.missing(there("v6"), other, None, ()) == (other,)
    assert packages.missing(NOTHING, other, None, RELEASES) == (other,)


def test_what_is_announced_and_what_runs_began_on_stays_and_all_of_it_where_nobody_knows() -> None:
    assert packages.needed(there("v5", "v6"), WANTED, runs_on(thin.V5)) == {thin.V5, thin.V6}
    assert packages.needed(there("v5", "v6"), WANTED, runs_on()) == {thin.V6}
    assert packages.needed(there("v5", "v6"), None, None) == {thin.V5, thin.V6}


def test_what_is_announced_stays_until_another_is_served() -> None:
    served = announced.read(thin.config_map(thin.announcement(thin.V5, thin.T5), v5=b"abc", v6=b"abc"))

    assert packages.needed(served, WANTED, runs_on()) == {thin.V5, thin.V6}


def test_of_ten_a_whole_image_takes_the_newest_and_those_that_runs_need_and_no_run_loses_its_code() -> None:
    """As `build` decides for the image, and the rollout of it for the packages afterwards."""
    ten = [f"{number:x}" * 12 for number in range(1, 11)]
    current, newest_first = ten[-1], ten[::-1]
    told = {one: thin.packaged().model_copy(update={"tree": one[0] * 64, "bytes": 3}) for one in ten}
    runs = runs_on(ten[1], ten[3], current)
    found = Announced(announcement=None, packages=told, bytes=30)

    image = ("f" * 12, *sidebyside.kept("f" * 12, newest_first, (*runs.pinned, current), keep=5))
    assert image == ("f" * 12, *ten[9:5:-1], ten[3], ten[1])
    assert set(packages.unneeded(found, image, runs)) == set(ten)
    # One of which a task was cleared while pods moved.
    later = runs_on(*runs.pinned, ten[0])
    assert set(packages.unneeded(found, image, later)) == set(ten[1:])


def test_once_every_pod_has_moved_only_what_runs_need_and_no_image_holds_is_needed() -> None:
    found = there("v5", "v6")

    assert packages.unneeded(found, (), runs_on(thin.V5)) == (thin.V6,)
    assert packages.unneeded(found, (thin.V5,), runs_on(thin.V5)) == (thin.V5, thin.V6)
    assert packages.unneeded(found, (thin.V5,), None) == (thin.V5,)
    assert packages.unneeded(announced.read(thin.config_map(WANTED, v6=b"abc")), (thin.V6,), runs_on()) == ()


def test_where_none_is_left_all_that_were_announced_come_without_an_answer_of_airflow() -> None:
    """Any of them may be what a run began on; the newest first, since there may be no room for all."""
    again = (release(V7, "x@sha256:7"), *RELEASES, release(V7, "y@sha256:8"))

    def unasked(found: Announced, *releases: Release) -> list[str]:
        return [one.image for one in packages.missing(found, WANTED, None, releases)]

    assert unasked(NOTHING, *again) == [thin.T6, "y@sha256:8", thin.T5]
    assert unasked(NOTHING, *RELEASES[1:]) == [thin.T6]
    assert unasked(there("v5"), *again) == [thin.T6]
