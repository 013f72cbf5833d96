"""Whose word is waited for, and when nobody's."""

from dataclasses import replace
from typing import Any

import pytest

from dagship.model.artifacts import Target
from dagship.record.model import Change, Move
from dagship.rollout.execute import readers
from dagship.rollout.plan.model import Planned
from dagship.workloads import spec
from dagship.workloads.inventory import Inventory
from tests.builders import pods as o
from tests.builders import thin
from tests.builders.airflow import celery


def inventory(*without: str) -> Inventory:
    made = {
        (one["kind"], one["metadata"]["name"]): one for one in celery(o.V1) if one["metadata"]["name"] not in without
    }
    return Inventory(objects=made, workloads=tuple(spec.read(kind, raw) for (kind, _), raw in made.items()))


def plan(there: Inventory, *names: str, airflow: str = "3.3.2", version: str = "5" * 12, **more: Any) -> Planned:
    moves = tuple(
        Move(kind=one.kind, name=one.name, role=one.role, changes=(Change(field="image", before="a", after="b"),))
        for one in there.workloads
        if not names or one.name in names
    )
    target = Target(image="x", digest="", dag_version=version, airflow=airflow)
    return Planned(**{"kind": "rollout", "target": target, "moves": moves, **more})


def test_the_dag_processor_that_moves_is_asked() -> None:
    there = inventory()

    assert readers.of(plan(there), there.workloads) == {"deployment/dag-processor"}
    assert readers.of(plan(there, airflow="2.11.2"), there.workloads) == {"deployment/dag-processor"}


def test_the_scheduler_of_an_airflow_2_parses_where_there_is_no_dag_processor() -> None:
    there = inventory("dag-processor")

    assert readers.of(plan(there, airflow="2.11.2"), there.workloads) == {"deployment/scheduler"}
    assert readers.of(plan(there), there.workloads) == frozenset()


@pytest.mark.parametrize("more", [{"version": ""}, {"undo": True}])
def test_where_no_version_of_ours_comes_nobody_is_waited_for(more: dict[str, Any]) -> None:
    there = inventory()

    assert readers.of(plan(there, **more), there.workloads) == frozenset()


def test_a_dag_processor_that_stays_serves_nothing_new() -> None:
    there = inventory()

    assert readers.of(plan(there, "worker", "scheduler"), there.workloads) == frozenset()


def test_one_without_pods_reads_nothing() -> None:
    there = inventory()
    idle = tuple(replace(one, replicas=0) if one.role == "dag-processor" else one for one in there.workloads)
    there = replace(there, workloads=idle)

    assert readers.of(plan(there), there.workloads) == frozenset()


def test_of_what_is_announced_the_dag_processor_tells_that_has_it_mounted() -> None:
    made = [(one["kind"], one["metadata"]["name"], one) for one in thin.airflow()]
    other = thin.mounting(celery(o.V1)[-1], name="others")
    other["metadata"]["name"] = "other"
    workloads = tuple(spec.read(kind, raw) for kind, _, raw in [*made, ("Deployment", "other", other)])

    assert readers.mounting(workloads, "dagship-dags") == {"deployment/dag-processor"}
    assert readers.mounting(workloads, "others") == {"deployment/other"}
    assert readers.mounting(workloads, "none") == {"deployment/dag-processor", "deployment/other"}
