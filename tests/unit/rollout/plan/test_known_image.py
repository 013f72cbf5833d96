"""What the record knows of the image that a scheduler runs."""

from dagship.airflow.activity import OfImage
from dagship.model.thin import Thin
from dagship.record.model import Record, Release
from dagship.rollout.plan import known_image
from dagship.rollout.survey import Survey
from dagship.workloads import spec
from dagship.workloads.inventory import Inventory
from tests.builders.airflow import container, deployment, pod

A, B, C = "a" * 12, "b" * 12, "c" * 12
N, M, T = (f"registry/airflow@sha256:{digit * 64}" for digit in "123")


def release(image: str, version: str, *versions: str, thin: Thin | None = None) -> Release:
    return Release(
        number=1, kind="rollout", image=image, dag_version=version, dag_versions=versions, when="", thin=thin
    )


def known(*releases: Release, meant: tuple[str, ...] = (), **runs: str) -> OfImage:
    made = [
        deployment(name, pod(container("main", image, "scheduler"), name=name))
        for name, image in (runs or {"scheduler": N}).items()
    ]
    workloads = tuple(spec.read("Deployment", one) for one in made)
    return known_image.of(
        Survey(inventory=Inventory(objects={}, workloads=workloads), record=Record(releases=releases)), meant
    )


def test_the_last_release_of_the_image_that_runs_tells() -> None:
    assert OfImage(held=(B, A), current=B) == known(release(N, B, B, A), release(M, C, C, B))


def test_after_a_rollback_within_the_image_its_own_version_is_current_in_it() -> None:
    assert OfImage(held=(B, A), current=B) == known(release(N, B, B, A), release(N, A, B, A))


def test_of_what_was_announced_to_it_only_the_versions_below_are_in_it() -> None:
    thin = Thin(onto=N, base=B, tree="t", foundation="f")

    assert OfImage(held=(B, A), current=B, foundation="f") == known(release(T, C, C, B, A, thin=thin))


def test_of_two_airflows_it_is_the_one_that_is_meant() -> None:
    releases = release(N, B, B, A), release(M, C, C)

    assert OfImage(held=(C,), current=C) == known(*releases, meant=("deployment/y",), x=N, y=M)


def test_of_an_image_that_no_release_was_of_nothing_is_known() -> None:
    assert OfImage() == known(release(M, C, C), release("", "", A))
    assert OfImage() == known()
