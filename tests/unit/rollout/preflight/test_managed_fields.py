"""Whose fields the images of an object are, as the server keeps it."""

from typing import Any

from dagship.rollout.preflight.managed_fields import managers

IMAGE = {'k:{"name":"worker"}': {".": {}, "f:image": {}}, 'k:{"name":"log"}': {"f:image": {}}}


def entry(manager: str, fields: dict[str, Any], operation: str = "Update", **more: str) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "fieldsV1": fields, **more}


def pods(containers: dict[str, Any], group: str = "f:containers") -> dict[str, Any]:
    return {"f:spec": {"f:template": {"f:spec": {group: containers}}}}


def of(kind: str, *entries: dict[str, Any], names: tuple[str, ...] = ("worker",)) -> list[tuple[str, str]]:
    return list(managers({"kind": kind, "metadata": {"managedFields": list(entries)}}, frozenset(names)))


def test_whoever_set_the_image_of_a_container_is_a_manager_of_it_and_of_no_other() -> None:
    helm = entry("helm", pods(IMAGE), "Apply")

    assert of("Deployment", helm) == [("helm", "Apply")]
    assert of("Deployment", helm, names=("scheduler",)) == []


def test_init_containers_count_too() -> None:
    assert of("StatefulSet", entry("helm", pods(IMAGE, "f:initContainers"))) == [("helm", "Update")]


def test_who_set_something_else_of_the_container_or_the_status_is_none() -> None:
    env = {'k:{"name":"worker"}': {"f:env": {}}}

    assert of("Deployment", entry("hpa", pods(env)), entry("kubelet", pods(IMAGE), subresource="status")) == []


def test_a_cron_job_has_its_pods_one_level_deeper() -> None:
    deeper = {"f:spec": {"f:jobTemplate": pods(IMAGE)}}

    assert of("CronJob", entry("helm", deeper)) == [("helm", "Update")]
    assert of("CronJob", entry("helm", pods(IMAGE))) == []


def test_of_a_config_map_the_keys_count() -> None:
    fields = {"f:data": {"f:pod.yaml": {}}}

    assert of("ConfigMap", entry("flux", fields, "Apply"), names=("pod.yaml",)) == [("flux", "Apply")]
    assert of("ConfigMap", entry("flux", fields, "Apply"), names=("other",)) == []


def test_an_object_that_keeps_no_fields_has_no_managers() -> None:
    assert list(managers({"kind": "Deployment", "metadata": {}}, frozenset({"worker"}))) == []
