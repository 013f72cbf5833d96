"""Which workloads a plan is for, and what is refused before anything is planned for them."""

from typing import Any

import pytest

from dagship.errors import UsageError
from dagship.record.model import Change, Journal, Move, Record, Release
from dagship.rollout.plan import rollback_target, scope
from dagship.rollout.survey import Survey
from dagship.workloads import spec
from dagship.workloads.inventory import Inventory
from tests.builders.airflow import container, deployment, pod

OURS, OTHERS = "registry.example.com/airflow:1", "registry.example.com/other:1"


def scheduler(name: str, image: str = OURS, **more: Any) -> dict[str, Any]:
    return deployment(name, pod(container("scheduler", image, "scheduler"), name=name), **more)


def survey(*made: dict[str, Any], journal: Journal | None = None) -> Survey:
    objects: Any = {("Deployment", one["metadata"]["name"]): one for one in made}
    read = tuple(spec.read("Deployment", one) for one in made)
    return Survey(inventory=Inventory(objects=objects, workloads=read), record=Record(journal=journal))


def selected(found: Survey, *names: str) -> list[str]:
    chosen = scope.select(
        found, OURS, repositories=("registry.example.com/airflow",), names=names, selector="", namespace="air"
    )
    return [workload.key for workload, _ in chosen]


def moves(name: str, to: str) -> tuple[Move, ...]:
    return (Move(kind="Deployment", name=name, changes=(Change(field="image", container="scheduler", after=to),)),)


def unfinished(name: str) -> Journal:
    return Journal(
        state="moving",
        kind="rollout",
        image=OURS,
        dag_version="",
        airflow="",
        who="x",
        job="",
        began="",
        moves=moves(name, OURS),
    )


def test_what_runs_the_repository_is_meant_and_what_an_unfinished_rollout_moves() -> None:
    here = (scheduler("scheduler"), scheduler("elsewhere", OTHERS))

    assert selected(survey(*here)) == ["deployment/scheduler"]
    assert selected(survey(here[1], journal=unfinished("elsewhere"))) == ["deployment/elsewhere"]


def test_a_namespace_in_which_nothing_runs_the_image_is_told_what_does() -> None:
    with pytest.raises(UsageError, match="Nothing in the namespace air runs") as told:
        selected(survey(scheduler("scheduler", OTHERS)))

    assert "deployment/scheduler" in told.value.detail


def test_two_airflows_are_refused_unless_one_is_named() -> None:
    both = survey(scheduler("a-scheduler"), scheduler("b-scheduler"))

    with pytest.raises(UsageError, match="more than one Airflow"):
        selected(both)
    assert selected(both, "deployment/b-scheduler") == ["deployment/b-scheduler"]


def test_a_deployment_that_is_paused_is_refused_unless_it_is_left_out() -> None:
    here = survey(scheduler("scheduler", paused=True), scheduler("other-scheduler"))

    with pytest.raises(UsageError, match="deployment/scheduler is paused"):
        selected(here, "deployment/scheduler")
    assert selected(here, "deployment/other-scheduler") == ["deployment/other-scheduler"]


def test_the_way_back_to_what_was_found_is_refused_for_the_same_reasons() -> None:
    found = Release(number=0, kind="found", image="", when="", moves=moves("scheduler", OTHERS))

    assert len(rollback_target.to_found(survey(scheduler("scheduler")), found, names=(), selector="").moves) == 1
    with pytest.raises(UsageError, match="deployment/scheduler is paused"):
        rollback_target.to_found(survey(scheduler("scheduler", paused=True)), found, names=(), selector="")
