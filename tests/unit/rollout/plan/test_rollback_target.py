"""Where a rollback goes: which releases are this Airflow's, and which of them is the one."""

import pytest

from dagship.airflow.activity import Activity
from dagship.errors import UsageError
from dagship.model.artifacts import Target
from dagship.record.model import Change, Journal, Move, Record, Release
from dagship.rollout.plan import dag_version, own_releases, rollback_target
from dagship.rollout.plan.model import Planned
from dagship.rollout.survey import Survey
from dagship.workloads import spec
from dagship.workloads.inventory import Inventory
from tests.builders.airflow import container, deployment, pod

A, B, C = (f"registry.example.com/airflow@sha256:{letter * 64}" for letter in "abc")
OTHER = f"registry.example.com/other@sha256:{'d' * 64}"


def release(number: int, image: str, *names: str) -> Release:
    moves = tuple(
        Move(kind="Deployment", name=name, changes=(Change(field="image", container="main", after=image or "x:1"),))
        for name in names or ("scheduler",)
    )
    return Release(
        number=number, kind="rollout" if image else "found", image=image, when="2026-01-01T00:00:00+00:00", moves=moves
    )


def journal(kind: str, image: str) -> Journal:
    return Journal(
        state="moving", kind=kind, image=image, dag_version="", airflow="", who="x", job="", began="", moves=()
    )


def survey(record: Record, *names: str) -> Survey:
    read = tuple(
        spec.read(
            "Deployment",
            {
                "metadata": {"name": name},
                "spec": {"template": {"spec": {"containers": [{"name": "main", "image": A}]}}},
            },
        )
        for name in names
    )
    return Survey(inventory=Inventory(objects={}, workloads=read), record=record)


def back_to(
    *releases: Release, here: tuple[str, ...] = ("scheduler",), to: int | None = None, unfinished: Journal | None = None
) -> int:
    record = Record(releases=releases, journal=unfinished)
    own = own_releases.own(survey(record, *here))
    return rollback_target.release(record, own, to).number


def test_what_moves_again_is_what_the_last_release_moved_that_moved_images() -> None:
    pointed = Change(field="env", container="main", name=dag_version.POINTER, after="a" * 12)
    within = release(3, B).model_copy(
        update={"moves": (Move(kind="Deployment", name="dag-processor", changes=(pointed,)),)}
    )
    earlier = (release(1, A), release(2, B, "scheduler", "dag-processor"))

    assert earlier[1].moves == rollback_target.moved((*earlier, within)) == rollback_target.moved(earlier)
    assert () == rollback_target.moved(())


def test_it_goes_to_the_release_before() -> None:
    assert 1 == back_to(release(0, ""), release(1, A), release(2, B))


def test_a_release_of_the_same_image_is_no_way_back() -> None:
    assert 1 == back_to(release(0, ""), release(1, A), release(2, B), release(3, B))


def test_before_the_first_release_is_what_was_found() -> None:
    assert 0 == back_to(release(0, ""), release(1, A), release(2, A))


def test_a_second_rollback_goes_forward_again() -> None:
    assert 2 == back_to(release(1, A), release(2, B), release(3, A))


def test_the_releases_of_another_airflow_in_the_namespace_do_not_count() -> None:
    releases = (release(1, A), release(2, OTHER, "other"), release(3, B), release(4, OTHER, "other"))

    assert 1 == back_to(*releases, here=("scheduler",))
    with pytest.raises(UsageError, match="no earlier release"):
        back_to(*releases, here=("other",))


def test_an_unfinished_rollout_goes_back_to_the_last_that_succeeded() -> None:
    assert 2 == back_to(release(1, A), release(2, B), unfinished=journal("rollout", C))


def test_an_unfinished_rollback_is_finished() -> None:
    assert 1 == back_to(release(1, A), release(2, B), release(3, C), unfinished=journal("rollback", A))
    assert 0 == back_to(release(0, ""), release(1, A), release(2, B), unfinished=journal("rollback", ""))


def test_a_number_is_taken_at_its_word() -> None:
    assert 1 == back_to(release(1, A), release(2, B), release(3, C), to=1, unfinished=journal("rollout", A))
    with pytest.raises(UsageError, match="no release 7"):
        back_to(release(1, A), to=7)


def processors(image: str) -> Survey:
    processor = deployment("processor", pod(container("main", image, "dag-processor"), name="processor"))
    raws = {("Deployment", "processor"): processor}
    inventory = Inventory(objects=raws, workloads=(spec.read("Deployment", processor),))  # type: ignore[arg-type]
    return Survey(inventory=inventory, record=Record())


def test_a_version_that_the_running_image_holds_takes_no_other_image() -> None:
    old, new = "a" * 12, "b" * 12
    change = Change(field="image", container="main", before=B, after=A)
    move = Move(kind="Deployment", name="processor", role="dag-processor", changes=(change,))
    target = Target(image=A, digest=A.partition("@")[2], dag_version=old)
    plan = Planned(kind="rollback", target=target, moves=(move,))
    says = Activity(baked=True, current=new, held=(old, new))
    within = rollback_target.within_image(plan, processors(B), says)

    assert (within.target.image, within.target.dag_version) == (B, old)
    assert [(one.key, one.name, one.after) for one in within.moves[0].changes] == [
        (("env", "main", False, dag_version.POINTER), dag_version.POINTER, old)
    ]
    assert rollback_target.within_image(plan, processors(B), None) == plan
    assert rollback_target.within_image(plan, processors(B), Activity(baked=True, current=new, held=(new,))) == plan
    forward = Planned(kind="rollout", target=target, moves=(move,))
    assert rollback_target.within_image(forward, processors(B), says) == forward
