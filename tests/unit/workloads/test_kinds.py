"""The table of kinds, and what stands elsewhere for each of its rows."""

import pytest

from dagship.cluster.kinds import RESOURCES
from dagship.health import pod_sets
from dagship.health.readiness import ExpectedPod
from dagship.settings import Settings
from dagship.workloads import kinds, objects, status
from dagship.workloads.kinds import KINDS, WATCHED
from tests.builders import pods as o

EACH = {"StatefulSet": o.stateful_set(), "Deployment": o.deployment(), "CronJob": o.cron_job()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_the_table_can_be_asked_for_and_named_in_the_settings(kind: str) -> None:
    assert {kind, KINDS[kind].pods_made_by} - {""} <= RESOURCES.keys()
    assert Settings(workloads=[f"{kind.lower()}/x"]).workloads == (f"{kind.lower()}/x",)


@pytest.mark.parametrize("kind", WATCHED)
def test_the_pods_of_a_kind_that_is_watched_can_be_told_apart(kind: str) -> None:
    state = status.workload(EACH[kind])
    right = ExpectedPod(revision=state.update_revision, images=state.images, ids=frozenset(), now=0.0, settle=0.0)

    assert pod_sets.of(state, (), right).right == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_images_of_a_kind_are_found_in_its_pod_template(kind: str) -> None:
    assert list(objects.images(EACH[kind]).values()) == [o.V2]


def test_what_a_kind_is_made_of_is_fed_beside_it() -> None:
    assert kinds.FED == ("StatefulSet", "Deployment", "ReplicaSet", "Pod")


def test_people_read_the_kinds_as_a_list() -> None:
    assert kinds.named() == "StatefulSet, Deployment or CronJob"
