"""What a rollout that fails leaves: everything as it was, or, where that was asked for or cannot be, a way back."""

import json
from typing import Any

import pytest

from dagship.record.model import Record
from dagship.rollout import actions
from dagship.rollout.options import RolloutOptions
from tests.builders.airflow import Object, container, cron_job, deployment, pod, stateful_set
from tests.cluster import images
from tests.cluster.rig import SECONDS, Rig

PASSWORD = "hunter2-in-the-clear"
CONNECTION = "postgresql://airflow:hunter2-in-a-secret@db"

POD_TEMPLATE = """\
# What the KubernetesExecutor starts.
apiVersion: v1
kind: Pod
metadata: {{name: placeholder}}
spec:
  containers:
    - name: base
      image: {image}  # moves with the rest
"""
EXECUTOR = [
    {"name": "AIRFLOW__CORE__EXECUTOR", "value": "CeleryExecutor,KubernetesExecutor"},
    {"name": "PASSWORD", "value": PASSWORD},
    {"name": "AIRFLOW__KUBERNETES__WORKER_CONTAINER_REPOSITORY", "value": "127.0.0.1:5000/dagship-test/airflow"},
    {"name": "AIRFLOW__KUBERNETES__WORKER_CONTAINER_TAG", "value": "old"},
    {"name": "LAST", "value": "1"},
]


def whole(image: str) -> tuple[Object, ...]:
    """An Airflow with all that a rollout moves."""
    scheduler = pod(
        container("scheduler", image, "scheduler", env=EXECUTOR),
        container("scheduler-log-groomer", image, "groom-logs"),
        name="scheduler",
        initContainers=[
            {"name": "wait-for-airflow-migrations", "image": image, "command": ["airflow", "db", "check-migrations"]}
        ],
        volumes=[{"name": "pod-template", "configMap": {"name": "pod-template"}}],
    )
    text = POD_TEMPLATE.format(image=image)
    return (
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "pod-template"},
            "data": {"pod_template_file.yaml": text, "other": "kept"},
        },
        stateful_set("worker", pod(container("worker", image, "celery", "worker"), name="worker")),
        deployment("scheduler", scheduler),
        deployment("dag-processor", pod(container("dag-processor", image, "dag-processor"), name="dag-processor")),
        cron_job(
            "cleanup", pod(container("cleanup", image, "kubernetes", "cleanup-pods", probe=False), name="cleanup")
        ),
    )


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("role", "workload"),
    [
        ("worker", "statefulset/worker"),
        ("scheduler", "deployment/scheduler"),
        ("dag-processor", "deployment/dag-processor"),
    ],
    ids=["first", "second", "third"],
)
def test_a_failure_in_any_step_returns_all_that_moved(rig: Rig, role: str, workload: str) -> None:
    rig.start(*whole(images.image("old")))
    before, ran = rig.written(), rig.pods()
    result = rig.rollout(images.image("new", f"crashes-as-{role}"))

    assert (result.passed, result.outcome, result.release) == (False, "undone", None), rig.text
    assert result.failure is not None
    assert (result.failure.workload, result.failure.container) == (workload, role)
    assert {move.key for move in result.moves} == set(before)
    assert rig.written() == before
    assert rig.pods() == ran
    assert rig.record == Record()


def two(image: str, **worker: Any) -> tuple[Object, ...]:
    """A worker and a scheduler."""
    return (
        stateful_set("worker", pod(container("worker", image, "celery", "worker", **worker), name="worker")),
        deployment("scheduler", pod(container("scheduler", image, "scheduler"), name="scheduler")),
    )


def test_what_was_to_be_left_is_left_told_and_taken_back_by_undo(rig: Rig) -> None:
    old, new = images.image("old"), images.image("new", "crashes-as-scheduler")
    rig.kubectl("create", "secret", "generic", "airflow", f"--from-literal=connection={CONNECTION}")
    secrets = [
        {"name": "PASSWORD", "value": PASSWORD},
        {"name": "DATABASE", "valueFrom": {"secretKeyRef": {"name": "airflow", "key": "connection"}}},
    ]
    rig.start(*two(old, env=secrets))
    before, ran = rig.written(), rig.pods()

    left = rig.command("rollout", f"--image={new}", "--no-undo", "--json")
    result = json.loads(left.stdout)
    failure = result["failure"]
    assert left.returncode == 1, left.stderr
    assert (result["passed"], result["outcome"], result["release"]) == (False, "left", None)
    assert (failure["workload"], failure["container"], failure["reason"]) == (
        "deployment/scheduler",
        "scheduler",
        "CrashLoopBackOff",
    )
    assert failure["log"][-1] == "ModuleNotFoundError: No module named 'acme_policies'"
    for said in (failure["pod"], failure["meaning"], failure["hint"], *failure["events"], *failure["log"]):
        assert said
        assert said in left.stderr
    assert "It was left as it is: statefulset/worker, deployment/scheduler moved." in left.stderr
    assert set().union(*rig.kubectl.images().values()) == {new}
    written = rig.kubectl("get", "configmap", "dagship", "--output=yaml")

    status = rig.command("status", "--json", "--from-image=" + images.REPOSITORY)
    assert json.loads(status.stdout)["unfinished"]["state"] == "left"
    assert "is unfinished (left): the same command again finishes it, rollout --undo takes it back" in status.stderr

    undone = rig.command("rollout", "--undo", "--json")
    assert undone.returncode == 0, undone.stderr
    assert json.loads(undone.stdout)["outcome"] == "undone"
    assert rig.written() == before
    assert rig.pods() == ran
    assert rig.record == Record()

    everything = written + "".join(one.stdout + one.stderr for one in (left, status, undone))
    assert "hunter2" not in everything


def test_undoing_ends_where_the_first_unfinished_rollout_began(rig: Rig) -> None:
    rig.start(*two(images.image("old")))
    before, ran = rig.written(), rig.pods()
    rig.rollout(images.image("first", "crashes-as-scheduler"), undo=False)
    result = rig.rollout(images.image("second", "crashes-as-scheduler"))

    assert result.outcome == "undone", rig.text
    assert rig.written() == before
    assert rig.pods() == ran
    assert rig.record == Record()


@pytest.mark.wide
def test_a_good_image_goes_forward_from_what_was_left_and_what_was_first_found_stays_known(rig: Rig) -> None:
    old, good = images.image("old"), images.image("good")
    rig.start(*two(old))
    before = rig.written()
    rig.rollout(images.image("new", "crashes-as-worker"), undo=False)
    moved = rig.rollout(good)

    assert (moved.passed, moved.outcome, moved.release) == (True, "moved", 1), rig.text
    assert set().union(*rig.kubectl.images().values()) == {good}
    assert rig.record.journal is None

    back = actions.rollback(rig.cluster, rig.console, None, RolloutOptions(timeout=SECONDS))
    assert back.outcome == "moved", rig.text
    assert rig.written() == before


def test_an_undoing_that_fails_as_well_says_so_and_can_be_tried_again(rig: Rig) -> None:
    old, new = images.image("old"), images.image("new")
    rig.kubectl("create", "secret", "generic", "airflow", f"--from-literal=connection={CONNECTION}")
    database = {"name": "DATABASE", "valueFrom": {"secretKeyRef": {"name": "airflow", "key": "connection"}}}
    rig.start(*two(old, env=[database]))
    before, ran = rig.written(), rig.pods()
    rig.kubectl("delete", "secret", "airflow")

    failed = rig.command("rollout", f"--image={new}", "--json")
    result = json.loads(failed.stdout)
    assert failed.returncode == 1, failed.stderr
    assert (result["passed"], result["outcome"]) == (False, "left")
    assert result["failure"]["reason"] == "CreateContainerConfigError"
    assert "statefulset/worker says again what it said before, but does not come up with that either" in failed.stderr
    assert "rollout --undo tries that again" in failed.stderr
    assert rig.written() == before
    assert rig.record.journal is not None
    assert rig.record.journal.state == "undoing"

    rig.kubectl("create", "secret", "generic", "airflow", f"--from-literal=connection={CONNECTION}")
    undone = rig.command("rollout", "--undo", "--json")
    assert undone.returncode == 0, undone.stderr
    assert rig.pods() == ran
    assert rig.record == Record()


@pytest.mark.wide
def test_a_quota_that_keeps_a_stateful_set_from_its_pod_is_named_on_the_way_and_on_the_way_back(rig: Rig) -> None:
    rig.start(*two(images.image("old")))
    before = rig.written()
    rig.kubectl("create", "quota", "full", "--hard=pods=0")
    result = rig.rollout(images.image("new"))

    assert (result.passed, result.outcome) == (False, "left"), rig.text
    assert result.failure is not None
    assert (result.failure.workload, result.failure.reason) == ("statefulset/worker", "FailedCreate")
    assert "exceeded quota: full" in result.failure.message
    assert "statefulset/worker says again what it said before, but does not come up with that either" in result.state
    assert rig.written() == before
