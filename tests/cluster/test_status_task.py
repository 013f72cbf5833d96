"""Who runs what, and whether it is one thing."""

import json

import pytest

from dagship.cluster.feed import Feed
from dagship.errors import UsageError
from dagship.record import config_map, form
from dagship.record.model import Change, Journal, Move, Record
from dagship.rollout import present_status, status
from dagship.rollout.results import StatusReport
from tests.builders import charts
from tests.builders.airflow import Object, container, deployment, pod, stateful_set
from tests.cluster.gateways import until
from tests.cluster.images import REPOSITORY, image
from tests.cluster.manifests import stand_for
from tests.cluster.rig import Rig

FIRST, SECOND = (f"{REPOSITORY}@sha256:{digit * 64}" for digit in "12")


def idle(name: str, said: str, *command: str) -> Object:
    return deployment(name, pod(container(name, said, *(command or (name,))), name=name), replicas=0)


def look(rig: Rig, *repositories: str, names: tuple[str, ...] = ()) -> StatusReport:
    """Looks, and shows people what was seen."""
    report = status.status(
        rig.cluster, repositories=repositories or (REPOSITORY,), dag_versions={}, selector="", names=names
    )
    present_status.show_status(rig.console, report)
    return report


def images(report: StatusReport) -> dict[str, tuple[str, ...]]:
    return {one.workload: one.images for one in report.workloads}


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip()]


def test_all_of_an_airflow_on_one_image_is_a_pass(rig: Rig) -> None:
    old, new = image("a"), image("b")
    worker = stateful_set("worker", pod(container("worker", old, "celery", "worker"), name="worker"), replicas=1)
    rig.start(worker, deployment("scheduler", pod(container("scheduler", old, "scheduler"), name="scheduler")))
    rig.rollout(new)
    finished = rig.command("status", "--json")
    report = StatusReport.model_validate_json(finished.stdout)
    people = rows(finished.stderr)

    assert finished.returncode == 0, finished.stderr
    assert report.passed
    assert [(one.workload, one.role, one.images, one.ready, one.desired, one.differ) for one in report.workloads] == [
        ("deployment/scheduler", "scheduler", (new,), 1, 1, ()),
        ("statefulset/worker", "worker", (new,), 1, 1, ()),
    ]
    assert [(release.number, release.image) for release in report.releases] == [(1, new), (0, "")]
    assert report.unfinished is None
    digest = new.partition("@sha256:")[2][:12]
    assert ["deployment/scheduler", "scheduler", f"@{digest}", "1/1"] in people
    assert ["repository", REPOSITORY] in people
    assert "all components run the same image" in finished.stderr


def test_a_component_that_somebody_set_by_hand_is_a_disagreement(rig: Rig) -> None:
    rig.kubectl.apply(idle("scheduler", FIRST), idle("dag-processor", FIRST))
    rig.rollout(SECOND)
    agreed = look(rig)
    rig.kubectl("set", "image", "deployment/scheduler", f"scheduler={FIRST}")
    finished = rig.command("status", "--json")

    assert agreed.passed
    assert finished.returncode == 1
    report = StatusReport.model_validate_json(finished.stdout)
    assert not report.passed
    assert images(report) == {"deployment/scheduler": (FIRST,), "deployment/dag-processor": (SECOND,)}
    assert "components DISAGREE" in finished.stderr


def test_a_component_on_an_image_from_somewhere_else_is_not_overlooked(rig: Rig) -> None:
    rig.kubectl.apply(idle("scheduler", FIRST), idle("dag-processor", FIRST), idle("statsd", "statsd:1"))
    rig.rollout(SECOND)
    rig.kubectl("set", "image", "deployment/scheduler", "scheduler=elsewhere.example/airflow:debug")
    report = look(rig)

    assert not report.passed
    assert images(report) == {
        "deployment/scheduler": ("elsewhere.example/airflow:debug",),
        "deployment/dag-processor": (SECOND,),
    }


def test_one_container_of_several_is_enough_to_disagree(rig: Rig) -> None:
    waits = container("wait", FIRST, "db", "check-migrations", probe=False)
    template = pod(container("scheduler", FIRST, "scheduler"), name="scheduler", initContainers=[waits])
    rig.kubectl.apply(deployment("scheduler", template, replicas=0))
    rig.rollout(SECOND)
    rig.kubectl("set", "image", "deployment/scheduler", f"wait={FIRST}")
    report = look(rig)

    assert not report.passed
    assert images(report) == {"deployment/scheduler": (FIRST, SECOND)}


def test_the_pods_of_the_kubernetes_executor_are_part_of_it(rig: Rig) -> None:
    rig.kubectl.apply(*charts.airflow(FIRST, executor="KubernetesExecutor"))
    rig.rollout(SECOND)
    agreed = look(rig)
    rig.kubectl("replace", "-f", "-", input=json.dumps(charts.config(FIRST, "KubernetesExecutor")))
    stale = look(rig)

    assert agreed.passed
    assert not stale.passed
    assert images(agreed)["configmap/airflow-config"] == (SECOND,)
    assert images(stale)["configmap/airflow-config"] == (FIRST,)


def test_a_variable_that_names_another_image_is_a_disagreement(rig: Rig) -> None:
    rig.kubectl.apply(*charts.airflow(FIRST, executor="KubernetesExecutor"))
    rig.rollout(SECOND)
    name = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_TAG"
    rig.kubectl("set", "env", "deployment/airflow-scheduler", f"{name}={'1' * 64}", "--containers=scheduler")
    report = look(rig)

    assert not report.passed
    assert images(report)["deployment/airflow-scheduler"] == (FIRST, SECOND)


def test_pods_that_run_another_image_than_their_workload_says_are_named(rig: Rig) -> None:
    old, new = image("a"), image("b")
    template = pod(container("worker", old, "celery", "worker"), name="worker")
    only_deleted = {"podManagementPolicy": "Parallel", "updateStrategy": {"type": "OnDelete"}}
    rig.start(stateful_set("worker", template, replicas=2, **only_deleted))
    rig.kubectl("set", "image", "statefulset/worker", f"worker={new}")
    rig.kubectl("delete", "pod", "worker-1")
    until_right(rig, "worker-1", new)
    report = look(rig)

    assert not report.passed
    (one,) = report.workloads
    assert (one.images, one.differ, one.ready, one.desired) == ((new,), ("worker-0",), 1, 2)
    assert any(row[-1] == "worker-0" for row in rows(rig.text))


def until_right(rig: Rig, name: str, said: str) -> None:
    """Waits until a pod is back on an image."""
    with Feed(rig.cluster, ["Pod"]) as feed:
        until(feed, lambda: (found := feed.objects("Pod").get(name)) and is_ready(found, said), 60)


def is_ready(found: Object, said: str) -> bool:
    conditions = {one["type"]: one["status"] for one in found["status"].get("conditions", ())}
    return conditions.get("Ready") == "True" and found["spec"]["containers"][0]["image"] == said


def test_pods_that_run_two_images_of_one_tag_are_told_apart(rig: Rig) -> None:
    """A tag was pushed again: a node that has it keeps what it has, one that looks again gets another."""
    tag = f"{REPOSITORY}:status-{rig.kubectl.namespace}"

    def component(name: str, policy: str) -> Object:
        return deployment(name, pod(container(name, tag, name, imagePullPolicy=policy), name=name))

    stand_for(tag, image("a"))
    rig.start(component("scheduler", "IfNotPresent"))
    before = look(rig)
    stand_for(tag, image("b"))
    rig.start(component("triggerer", "Always"))
    after = look(rig)

    assert before.passed
    assert not after.passed
    assert {one.workload: len(one.differ) for one in after.workloads} == {
        "deployment/scheduler": 1,
        "deployment/triggerer": 0,
    }


def test_a_rollout_that_is_unfinished_is_shown(rig: Rig) -> None:
    """It came no further than to say what it would do."""
    change = Change(field="image", container="scheduler", before="apache/airflow:3", after=SECOND)
    journal = Journal(
        state="moving", kind="rollout", image=SECOND, dag_version="", airflow="", who="octocat", job="", began="",
        moves=(Move(kind="Deployment", name="scheduler", changes=(change,)),),
    )  # fmt: skip
    rig.kubectl.apply(idle("scheduler", "apache/airflow:3"))
    config_map.store(rig.cluster, Record(journal=journal), None)
    report = look(rig)

    assert report.passed
    assert report.unfinished == journal
    assert images(report) == {"deployment/scheduler": ("apache/airflow:3",)}
    assert f"a rollout to {REPOSITORY}@222222222222 by octocat is unfinished (moving)" in rig.text
    assert "rollout --undo takes it back" in rig.text


def test_a_record_of_a_newer_dagship_hides_nothing_else_and_stops_a_rollout(rig: Rig) -> None:
    newer = {"schema": "9", "version": "9.1.0", "releases": "[]", "teleports": "{}"}
    own: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": form.NAME}, "data": newer}
    rig.kubectl.apply(idle("scheduler", FIRST), own)
    report = look(rig)

    assert images(report) == {"deployment/scheduler": (FIRST,)}
    assert "was written by a newer dagship, 9.1.0" in report.record_unread
    with pytest.raises(UsageError, match="was written by a newer dagship"):
        rig.rollout(SECOND)
    assert rig.kubectl.get("configmap/dagship")["data"] == newer
    assert images(look(rig)) == {"deployment/scheduler": (FIRST,)}


def test_after_the_way_back_to_what_was_found_it_is_still_known(rig: Rig) -> None:
    rig.kubectl.apply(idle("scheduler", "apache/airflow:3"), idle("statsd", "statsd:1"))
    rig.rollout(SECOND, from_image="apache/airflow")
    rig.rollback(0)

    assert images(look(rig)) == {"deployment/scheduler": ("apache/airflow:3",)}


def test_where_nothing_runs_the_image_it_is_said_what_does(rig: Rig) -> None:
    rig.kubectl.apply(idle("scheduler", "apache/airflow:3"))
    with pytest.raises(
        UsageError, match=f"Nothing in the namespace {rig.kubectl.namespace} runs {REPOSITORY}"
    ) as refused:
        look(rig)

    assert "apache/airflow  (deployment/scheduler)" in refused.value.detail
    assert look(rig, REPOSITORY, "apache/airflow").passed
    assert look(rig, names=("deployment/scheduler",)).passed
    with pytest.raises(UsageError, match="There is no deployment/nobody here"):
        look(rig, names=("deployment/nobody",))


def test_a_wrong_call_from_the_command_line_is_one_in_json_as_well(rig: Rig) -> None:
    rig.kubectl.apply(idle("scheduler", FIRST))
    finished = rig.command("status", "--json", "--selector=release=nobody")

    assert finished.returncode == 2
    assert "has no StatefulSet, Deployment or CronJob" in finished.stderr
    assert json.loads(finished.stdout)["error"]["exit_code"] == 2
