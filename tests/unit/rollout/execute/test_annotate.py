"""Pods that have the ConfigMap mounted are annotated, those that run tasks first."""

from typing import Any

from dagship.cluster.failures import Forbidden, NotFound
from dagship.model.artifacts import Target
from dagship.rollout.execute import annotate
from tests.builders import operations, thin
from tests.builders import pods as o
from tests.builders.airflow import Object, celery
from tests.builders.namespace import Namespace

TEMPLATES = {one["metadata"]["name"]: one["spec"]["template"] for one in celery(o.V1)}


def pod(name: str, of: str, *, phase: str = "Running", **metadata: Any) -> Object:
    template = TEMPLATES[of]
    made = {
        "kind": "Pod", "metadata": {"name": name, "labels": template["metadata"]["labels"], **metadata},
        "spec": template["spec"], "status": {"phase": phase},
    }  # fmt: skip
    return thin.mounting(made)


def annotated(namespace: Namespace) -> str:
    return annotate.annotate(operations.moving(namespace, Target(image="x", digest="")), "dagship-dags", "7")


def test_workers_come_first_and_what_ends_or_has_no_mount_is_left_alone() -> None:
    apart = {
        "kind": "Pod",
        "metadata": {"name": "apart"},
        "spec": TEMPLATES["worker"]["spec"],
        "status": {"phase": "Running"},
    }
    namespace = Namespace(
        pod("dag-processor-1", "dag-processor"),
        pod("worker-0", "worker"),
        pod("worker-1", "worker", deletionTimestamp="now"),
        pod("worker-2", "worker", phase="Pending"),
        apart,
    )

    assert annotated(namespace) == ""
    assert namespace.patched == ["worker-0", "dag-processor-1"]
    assert namespace.kept["Pod"]["worker-0"]["metadata"]["annotations"] == {annotate.ANNOTATION: "7"}


def test_without_leave_no_further_pod_is_tried_and_the_delay_is_said() -> None:
    namespace = Namespace(pod("dag-processor-1", "dag-processor"), pod("worker-0", "worker"))
    namespace.refusals = {"worker-0": Forbidden("pods is forbidden.")}

    assert annotated(namespace).endswith("up to 90 s, since they cannot be annotated: pods is forbidden.")
    assert namespace.patched == []


def test_a_pod_that_ended_meanwhile_is_no_matter() -> None:
    namespace = Namespace(pod("dag-processor-1", "dag-processor"), pod("worker-0", "worker"))
    namespace.refusals = {"worker-0": NotFound("It is gone.")}

    assert annotated(namespace) == ""
    assert namespace.patched == ["dag-processor-1"]


CONTROLLED = {"ownerReferences": [{"kind": "StatefulSet", "name": "worker", "controller": True}]}


def of_another_image(*pods: Object, target: Target | None = None) -> str:
    return annotate.without_its_base(
        operations.moving(Namespace(*pods), target or thin.target(onto=o.V1)), "dagship-dags"
    )


def test_a_pod_that_runs_another_image_than_its_workload_says_is_told() -> None:
    workers = [pod(f"worker-{number}", "worker", **CONTROLLED) for number in range(5)]

    assert of_another_image(*workers) == ""
    assert of_another_image(*workers, target=Target(image=o.V1, digest="")) == ""
    one, more = of_another_image(workers[0], target=thin.target()), of_another_image(*workers, target=thin.target())
    assert one.startswith("worker-0: another image runs there than the workload says")
    assert more.startswith("worker-0, worker-1, worker-2 and 2 more: ")


def test_a_pod_that_ends_or_is_of_one_task_needs_no_new_version() -> None:
    ending = pod("worker-0", "worker", deletionTimestamp="now", **CONTROLLED)

    assert of_another_image(ending, pod("of-a-task", "worker"), target=thin.target()) == ""
