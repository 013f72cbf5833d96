"""Workloads as they are read: what of Airflow each runs, and where its variables come from."""

from typing import Any

import pytest

from dagship.workloads import spec as workload_spec
from dagship.workloads.spec import Workload
from tests.builders.airflow import cron_job, deployment, pod, stateful_set

IMAGE = "apache/airflow:3.3.2"


def read(*containers: dict[str, Any], name: str = "x", labels: dict[str, str] | None = None, **spec: Any) -> Workload:
    return workload_spec.read("Deployment", deployment(name, pod(*containers, name=name, **spec), labels=labels))


def running(*words: str, name: str = "main", **more: Any) -> dict[str, Any]:
    return {"name": name, "image": IMAGE, "command": list(words), **more}


@pytest.mark.parametrize(
    ("role", "command"),
    [
        ("worker", ["airflow", "celery", "worker"]),
        ("worker", ["bash", "-c", "exec \\\nairflow celery worker"]),
        ("worker", ["airflow", "celery  worker", "--queues", "scheduler"]),
        ("worker", ["sh", "-c", "wait-for scheduler 80 && exec airflow celery worker"]),
        ("scheduler", ["bash", "-c", "exec airflow scheduler"]),
        ("scheduler", ["/usr/local/bin/airflow", "scheduler", "--pid", "/tmp/x"]),
        ("dag-processor", ["bash", "-c", "exec airflow dag-processor"]),
        ("dag-processor", ["airflow", "dag-processor", "--bundle-name", "scheduler"]),
        ("triggerer", ["bash", "-c", "exec airflow triggerer --capacity 10"]),
        ("api-server", ["bash", "-c", "exec airflow api-server"]),
        ("webserver", ["bash", "-c", "exec airflow webserver"]),
        ("other", ["bash", "-c", "exec airflow celery flower"]),
        ("other", ["bash", "-c", "airflow db migrate"]),
        ("other", ["run-scheduler-tests"]),
        ("other", ["cat", "/etc/scheduler.conf"]),
        ("other", []),
    ],
)
def test_the_role_is_what_the_command_starts(role: str, command: list[str]) -> None:
    assert read(running(*command)).role == role


def test_arguments_are_part_of_the_command() -> None:
    one = {"name": "main", "image": IMAGE, "command": ["airflow"], "args": ["triggerer"]}

    assert read(one).role == "triggerer"
    assert read(one).containers[0].command == "airflow triggerer"


def test_the_command_outweighs_labels_and_names() -> None:
    one = read(running("airflow", "scheduler"), name="worker", labels={"component": "worker"})

    assert one.role == "scheduler"


def test_an_init_container_says_nothing_of_the_role() -> None:
    waits = running("airflow", "scheduler", name="wait")

    assert read(running("entrypoint"), initContainers=[waits]).role == "other"


@pytest.mark.parametrize(
    ("role", "labels"),
    [
        ("worker", {"component": "worker"}),
        ("worker", {"component": "worker-heavy"}),
        ("worker", {"component": "workers"}),
        ("webserver", {"component": "web"}),
        ("api-server", {"app.kubernetes.io/component": "api-server"}),
        ("dag-processor", {"app.kubernetes.io/component": "dagprocessor", "component": "scheduler"}),
        ("scheduler", {"component": "statsd-exporter", "tier": "airflow", "app.kubernetes.io/component": "scheduler"}),
        ("other", {"component": "statsd"}),
        ("other", {"component": "coworker"}),
        ("other", {}),
    ],
)
def test_labels_tell_the_role_where_no_command_does(role: str, labels: dict[str, str]) -> None:
    assert read(running(), labels=labels).role == role


def test_the_pods_labels_count_where_the_workload_has_none() -> None:
    made = deployment("x", pod(running(), name="x"))
    made["spec"]["template"]["metadata"]["labels"]["component"] = "triggerer"

    assert workload_spec.read("Deployment", made).role == "triggerer"


@pytest.mark.parametrize(
    ("role", "name", "container"),
    [
        ("worker", "airflow-worker", "main"),
        ("worker", "airflow-worker-high.memory", "main"),
        ("webserver", "airflow-web", "main"),
        ("scheduler", "x", "airflow-scheduler"),
        ("scheduler", "airflow-worker", "scheduler"),
        ("other", "networker", "main"),
        ("other", "webhooks", "main"),
    ],
)
def test_names_tell_the_role_last_the_containers_before_the_workloads(role: str, name: str, container: str) -> None:
    assert read(running(name=container), name=name).role == role


def test_a_cron_job_is_one_whatever_it_starts() -> None:
    made = cron_job("cleanup", pod(running("airflow", "scheduler"), name="cleanup"))
    one = workload_spec.read("CronJob", made)

    assert (one.role, one.key, one.replicas, one.paused) == ("cronjob", "cronjob/cleanup", 0, False)
    assert [container.image for container in one.containers] == [IMAGE]


def test_init_containers_come_after_the_others() -> None:
    made = stateful_set("w", pod(running(), name="w", initContainers=[running(name="wait")]), replicas=3)
    one = workload_spec.read("StatefulSet", made)

    assert [(container.name, container.init) for container in one.containers] == [("main", False), ("wait", True)]
    assert (one.key, one.replicas) == ("statefulset/w", 3)


def test_what_the_server_leaves_out_has_its_default() -> None:
    made = {
        "metadata": {"name": "x"},
        "spec": {"template": {"spec": {"containers": [{"name": "main"}], "initContainers": None, "volumes": None}}},
    }
    one = workload_spec.read("Deployment", made)

    assert (one.labels, one.replicas, one.paused, one.role) == ({}, 1, False, "other")
    assert one.containers[0].image == ""
    assert workload_spec.read("Deployment", {**made, "spec": {**made["spec"], "paused": True}}).paused


def test_variables_are_known_as_far_as_they_are_written_there() -> None:
    env = [
        {"name": "A", "value": "1"},
        {"name": "B"},
        {"name": "C", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"name": "D", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "executor"}}},
    ]
    one = read(running(env=env))

    assert one.containers[0].env == {"A": "1", "B": "", "C": None, "D": None}
    assert one.containers[0].references == {"D": ("settings", "executor")}
    assert one.config_maps == {"settings"}
    assert not one.env_from


def test_config_maps_are_found_wherever_a_pod_takes_them_from() -> None:
    volumes = [
        {"name": "a", "configMap": {"name": "mounted"}},
        {"name": "b", "projected": {"sources": [{"configMap": {"name": "projected"}}, {"secret": {"name": "s"}}]}},
        {"name": "c", "emptyDir": {}},
        {"name": "d", "configMap": {}},
    ]
    groomer = running(name="groomer", envFrom=[{"configMapRef": {"name": "all"}}, {"secretRef": {"name": "s"}}])
    one = read(running(), groomer, volumes=volumes)

    assert one.config_maps == {"mounted", "projected", "all"}
    assert one.env_from == {"all"}


@pytest.mark.parametrize(
    ("main", "containers"),
    [
        ("main", [running("tail", "-f", name="logs"), running("airflow", "scheduler")]),
        ("scheduler", [running(name="proxy"), running("/start", name="scheduler")]),
        ("proxy", [running(name="proxy"), running("/start", name="start")]),
    ],
    ids=["by its command", "by its name", "the first"],
)
def test_the_main_container_is_known(main: str, containers: list[dict[str, Any]]) -> None:
    one = read(*containers, labels={"component": "scheduler"}, initContainers=[running("airflow", "scheduler")])

    assert one.main.name == main


def test_a_pod_is_known_by_what_its_main_container_starts_and_runs() -> None:
    containers = [running("sh", name="groomer"), running("airflow", "dag-processor")]
    raw = {"metadata": {"name": "p-1"}, "spec": {"containers": containers}}

    assert (workload_spec.role_of_pod(raw), workload_spec.main_of_pod(raw), workload_spec.main_image(raw)) == (
        "dag-processor",
        "main",
        IMAGE,
    )
    assert workload_spec.main_image({"metadata": {"name": "p-1"}, "spec": {"containers": []}}) == ""
