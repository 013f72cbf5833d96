"""Which releases of the record are of the Airflow that is meant, and what its image is called there."""

from dagship.record.model import Change, Move, Record, Release
from dagship.rollout.plan import own_releases
from dagship.rollout.survey import Survey
from dagship.workloads import spec
from dagship.workloads.inventory import Inventory
from tests.builders.airflow import container, deployment, pod


def release(number: int, *names: str, image: str = "x:1", after: str = "x:1") -> Release:
    change = Change(field="image", container="main", after=after)
    moves = tuple(Move(kind="Deployment", name=name, changes=(change,)) for name in names)
    return Release(number=number, kind="rollout", image=image, when="", moves=moves)


def own(*releases: Release, here: tuple[str, ...], names: tuple[str, ...] = ()) -> list[int]:
    read = tuple(spec.read("Deployment", deployment(one, pod(container("main", "x:1"), name=one))) for one in here)
    survey = Survey(inventory=Inventory(objects={}, workloads=read), record=Record(releases=releases))
    return [one.number for one in own_releases.own(survey, names)]


def test_releases_of_another_airflow_in_the_namespace_are_none_of_its_own() -> None:
    releases = (release(1, "a"), release(2, "b"), release(3, "a"))

    assert own(*releases, here=("a",)) == [1, 3]
    assert own(*releases, here=("a", "b"), names=("deployment/b",)) == [2]


def test_a_workload_that_left_the_airflow_still_ties_its_older_releases_to_it() -> None:
    assert own(release(1, "gone"), release(2, "gone", "stays"), here=("stays",)) == [1, 2]


def test_an_image_is_called_as_it_was_asked_for_and_as_the_server_answered() -> None:
    assert own_releases.names((release(1, "a", image="x:1", after="mirror/x:1"),)) == ("x:1", "mirror/x:1")


def test_after_a_return_to_what_was_found_the_image_has_no_name() -> None:
    assert own_releases.names((release(0, "a", image=""),)) == ()
    assert own_releases.names(()) == ()
