"""The JSON of the API server."""

import pytest

from dagship.workloads import objects
from tests.builders import pods as o


@pytest.mark.parametrize("raw", [o.stateful_set(), o.deployment(), o.cron_job()], ids=lambda raw: str(raw["kind"]))
def test_the_containers_of_a_template_are_found_in_every_kind(raw: o.Raw) -> None:
    assert objects.template_containers(raw)
    assert list(objects.images(raw)) == [one["name"] for one in objects.template_containers(raw)]


def test_what_is_no_workload_has_no_containers() -> None:
    assert objects.template_containers({"kind": "ConfigMap", "metadata": {"name": "airflow"}, "data": {}}) == ()
    assert objects.template_containers({}) == ()


def test_an_object_that_nothing_controls_has_no_controller() -> None:
    owners = [{"kind": "Node", "uid": "1"}, {"kind": "ReplicaSet", "uid": "2", "controller": True}]

    assert objects.controller({"metadata": {"ownerReferences": owners}})["uid"] == "2"
    assert objects.controller({"metadata": {"ownerReferences": owners[:1]}}) == {}
    assert objects.controller({"metadata": {}}) == {}


def test_a_moment_is_read_as_seconds() -> None:
    assert objects.seconds("1970-01-01T00:01:00Z") == 60
    assert objects.seconds(None) is None
