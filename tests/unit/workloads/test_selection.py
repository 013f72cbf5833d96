"""Which containers are Airflow's: by the image's repository in any spelling, or by the names that people give."""

from typing import Any

import pytest

from dagship.errors import UsageError
from dagship.workloads import selection, spec
from dagship.workloads.spec import Workload
from tests.builders.airflow import cron_job, deployment, pod, stateful_set

HEX = "a" * 64
OURS = "registry.example:5000/team/airflow"


def container(name: str, image: str) -> dict[str, Any]:
    return {"name": name, "image": image}


def airflow() -> tuple[Workload, ...]:
    worker = pod(
        container("worker", f"{OURS}:1"),
        container("statsd", "statsd:1"),
        container("groomer", f"{OURS}@sha256:{HEX}"),
        name="worker",
        initContainers=[container("wait", f"{OURS}:1"), container("git-sync-init", "git-sync:4")],
    )
    made = (
        stateful_set("worker", worker),
        deployment("redis", pod(container("redis", "redis:7"), name="redis")),
        cron_job("cleanup", pod(container("cleanup", f"{OURS}:1"), name="cleanup")),
    )
    return tuple(spec.read(one["kind"], one) for one in made)


def names(selected: selection.Selected) -> dict[str, list[str]]:
    return {workload.key: [container.name for container in containers] for workload, containers in selected}


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("airflow", "docker.io/library/airflow"),
        ("airflow:3", "docker.io/library/airflow"),
        ("library/airflow", "docker.io/library/airflow"),
        ("docker.io/airflow", "docker.io/library/airflow"),
        ("docker.io/library/airflow:3", "docker.io/library/airflow"),
        ("index.docker.io/library/airflow", "docker.io/library/airflow"),
        ("index.docker.io/airflow@sha256:" + HEX, "docker.io/library/airflow"),
        ("apache/airflow:3.3.2", "docker.io/apache/airflow"),
        ("docker.io/apache/airflow", "docker.io/apache/airflow"),
        ("index.docker.io/apache/airflow:3.3.2@sha256:" + HEX, "docker.io/apache/airflow"),
        ("localhost/airflow", "localhost/airflow"),
        ("localhost:5000/airflow:1", "localhost:5000/airflow"),
        ("localhost:5000/airflow", "localhost:5000/airflow"),
        ("registry.example/airflow", "registry.example/airflow"),
        ("docker.io.example/airflow", "docker.io.example/airflow"),
        ("[::1]:5000/airflow:1", "[::1]:5000/airflow"),
        (f"{OURS}:1@sha256:{HEX}", OURS),
    ],
)
def test_two_spellings_of_a_repository_are_one(image: str, repository: str) -> None:
    assert selection.repository(image) == repository


@pytest.mark.parametrize(
    "image",
    [
        "",
        " ",
        "Airflow",
        "airflow:",
        "airflow@sha256:1",
        "a b",
        "airflow:1\n",
        "airflow\x1b[31m",
        "-airflow",
        "a//b",
        "x" * 600,
    ],
)
def test_what_is_no_image_has_no_repository(image: str) -> None:
    assert selection.repository(image) == ""


def test_every_container_that_runs_the_image_moves_and_no_other() -> None:
    selected = selection.select(airflow(), repositories=[f"{OURS}@sha256:{HEX}"])

    assert names(selected) == {"statefulset/worker": ["worker", "groomer", "wait"], "cronjob/cleanup": ["cleanup"]}


@pytest.mark.parametrize(
    "repositories",
    [[], [""], ["not an image"], ["registry.example:5000/team/airflow2"], ["registry.example/team/airflow"]],
)
def test_another_repository_is_another(repositories: list[str]) -> None:
    assert selection.select(airflow(), repositories=repositories) == ()


def test_a_workload_without_an_image_that_can_be_read_is_left_alone() -> None:
    made = deployment("x", pod(container("x", ""), container("y", "NOT AN IMAGE"), name="x"))
    workload = spec.read("Deployment", made)

    assert selection.select([workload], repositories=["", "NOT AN IMAGE"]) == ()
    assert selection.select([workload], repositories=[OURS], names=["deployment/x"]) == ()


def test_names_leave_all_others_out() -> None:
    selected = selection.select(airflow(), repositories=[OURS], names=["cronjob/cleanup"])

    assert names(selected) == {"cronjob/cleanup": ["cleanup"]}


def test_a_workload_that_is_named_moves_with_what_its_first_container_runs() -> None:
    """At the first adoption: the repository is not known, the workload is."""
    selected = selection.select(airflow(), repositories=["new.example/airflow"], names=["statefulset/worker"])

    assert names(selected) == {"statefulset/worker": ["worker", "groomer", "wait"]}


def test_where_a_named_workload_runs_the_repository_its_first_container_need_not() -> None:
    made = stateful_set("w", pod(container("proxy", "proxy:1"), container("worker", f"{OURS}:1"), name="w"))
    selected = selection.select([spec.read("StatefulSet", made)], repositories=[OURS], names=["statefulset/w"])

    assert names(selected) == {"statefulset/w": ["worker"]}


def test_a_name_that_is_not_there_is_said_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="There is no deployment/worker here") as refused:
        selection.select(airflow(), repositories=[OURS], names=["statefulset/worker", "deployment/worker"])

    assert refused.value.hint == "There are: cronjob/cleanup, deployment/redis, statefulset/worker."
    with pytest.raises(UsageError) as refused:
        selection.select([], repositories=[OURS], names=["deployment/worker"])
    assert refused.value.hint == "There are: no workloads."


def test_known_containers_move_whatever_they_run() -> None:
    known = {"deployment/redis": frozenset({("redis", False)}), "statefulset/worker": frozenset({("wait", True)})}
    selected = selection.select(airflow(), repositories=["new.example/airflow"], known=known)

    assert names(selected) == {"statefulset/worker": ["wait"], "deployment/redis": ["redis"]}


def test_known_containers_move_beside_those_that_are_named() -> None:
    """An unfinished rollout is ended, whatever is asked for next."""
    selected = selection.select(
        airflow(),
        repositories=[OURS],
        names=["cronjob/cleanup"],
        known={"deployment/redis": frozenset({("redis", False), ("gone", False)})},
    )

    assert names(selected) == {"deployment/redis": ["redis"], "cronjob/cleanup": ["cleanup"]}


def test_where_nothing_runs_the_image_it_is_said_what_does() -> None:
    error = selection.nothing_found(airflow(), "new.example/airflow", "prod")

    assert error.message == "Nothing in the namespace prod runs new.example/airflow yet."
    assert "--from-image" in error.hint
    assert error.detail.splitlines() == [
        "What runs there:",
        "  git-sync  (statefulset/worker)",
        "  redis  (deployment/redis)",
        f"  {OURS}  (cronjob/cleanup, statefulset/worker)",
        "  statsd  (statefulset/worker)",
    ]


def test_who_goes_back_is_told_no_flag_that_rollback_lacks() -> None:
    error = selection.nothing_found(airflow(), "new.example/airflow", "prod", back=True)

    assert error.message == "Nothing in the namespace prod runs new.example/airflow any more."
    assert "--workloads" in error.hint
    assert "--from-image" not in error.hint
    assert "git-sync  (statefulset/worker)" in error.detail


def test_of_many_workloads_a_few_are_named() -> None:
    made = [deployment(f"d{number}", pod(container("x", "x:1"), name="x")) for number in range(6)]
    error = selection.nothing_found([spec.read("Deployment", one) for one in made], OURS, "prod")

    assert error.detail.splitlines()[1:] == ["  x  (deployment/d0, deployment/d1, deployment/d2, deployment/d3, …)"]


def test_an_empty_namespace_is_said_to_be_empty() -> None:
    error = selection.nothing_found([], OURS, "prod")

    assert error.message == "The namespace prod has no StatefulSet, Deployment or CronJob to move."
    assert "--namespace" in error.hint


def test_a_selector_that_matches_nothing_is_named_and_not_the_namespace_blamed() -> None:
    error = selection.nothing_found([], OURS, "prod", selector="release=c")

    assert error.message.endswith("that matches release=c.")
    assert "--namespace" not in error.hint


def test_a_hostile_image_keeps_to_its_line() -> None:
    made = deployment("x", pod(container("x", "a\n::error::b\x1b[2J"), name="x"))
    error = selection.nothing_found([spec.read("Deployment", made)], OURS, "prod")

    assert error.detail.splitlines() == ["What runs there:", r"  'a\n::error::b\x1b[2J'  (deployment/x)"]
