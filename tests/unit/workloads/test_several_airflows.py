"""Two Airflows in one namespace, and what only looks like two."""

import pytest

from dagship.workloads import several_airflows, spec
from dagship.workloads.spec import Workload
from tests.builders.airflow import container, deployment, pod, stateful_set


def scheduler(name: str, **labels: str) -> Workload:
    made = deployment(name, pod(container("scheduler", "airflow:1", "scheduler"), name=name), labels=labels)
    return spec.read("Deployment", made)


A, B = scheduler("a-scheduler", release="a"), scheduler("b-scheduler", release="b")


@pytest.mark.parametrize(("selector", "names"), [("", ()), ("tier=airflow", ()), ("", ("deployment/a-scheduler",))])
def test_two_releases_are_two_airflows_however_they_were_chosen(selector: str, names: tuple[str, ...]) -> None:
    refused = several_airflows.refusal([A, B], selector=selector, names=names)

    assert refused
    assert "deployment/a-scheduler (release=a), deployment/b-scheduler (release=b)" in refused.message
    assert "--selector release=a" in refused.hint


def test_two_schedulers_without_labels_are_one_airflow_where_somebody_chose_them() -> None:
    found = [scheduler("a-scheduler"), scheduler("b-scheduler", release="x")]
    refused = several_airflows.refusal(found, selector="", names=())

    assert refused
    assert "deployment/a-scheduler, deployment/b-scheduler" in refused.message
    assert several_airflows.refusal(found, selector="airflow=a", names=()) is None
    assert (
        several_airflows.refusal(found, selector="", names=["deployment/a-scheduler", "deployment/b-scheduler"]) is None
    )


def test_labels_of_either_kind_tell() -> None:
    instance = "app.kubernetes.io/instance"

    assert several_airflows.refusal([scheduler(n, **{instance: n}) for n in "ab"], selector="x=y", names=())
    assert not several_airflows.refusal([scheduler(n, **{instance: "a"}) for n in "ab"], selector="x=y", names=())


def test_workers_of_another_release_are_no_airflow() -> None:
    made = stateful_set(
        "more", pod(container("w", "airflow:1", "celery", "worker"), name="more"), labels={"release": "b"}
    )

    assert several_airflows.refusal([A, spec.read("StatefulSet", made)], selector="", names=()) is None
    assert several_airflows.refusal([A], selector="", names=()) is None
    assert several_airflows.refusal([], selector="", names=()) is None


def by_name(name: str, *command: str) -> Workload:
    made = deployment(name, pod({"name": "main", "image": "airflow:1", "command": [*command]}, name=name))
    return spec.read("Deployment", made)


def test_what_only_has_the_name_of_a_scheduler_is_no_second_airflow() -> None:
    report = by_name("report-scheduler", "python", "report.py")

    assert report.role == "scheduler"
    assert several_airflows.refusal([report, A], selector="", names=()) is None
    # Where no command tells, names are all there is.
    assert several_airflows.refusal(
        [by_name("a-scheduler", "/start.sh"), by_name("b-scheduler")], selector="", names=()
    )


def test_two_schedulers_of_one_release_are_one_airflow() -> None:
    found = [scheduler("first", release="a"), scheduler("second", release="a")]

    assert several_airflows.refusal(found, selector="", names=()) is None
    assert several_airflows.refusal([*found, scheduler("third")], selector="", names=())
    assert several_airflows.refusal([*found, B], selector="", names=())
