"""What a rollout moves, in which order, and what it leaves alone.

Where pods are beside the point, workloads want none: a rollout of those takes a second.
"""

import json
import re
from collections import Counter
from typing import Any

import pytest

from dagship.errors import OutsideError, Refused, UsageError
from dagship.record import config_map
from dagship.record.model import Change, Journal, Move, Record
from dagship.rollout import actions
from dagship.rollout.options import RolloutOptions
from dagship.rollout.plan import pod_template_file
from tests.builders import charts
from tests.builders.airflow import Object, celery, container, cron_job, deployment, pod, stateful_set
from tests.cluster.history import history
from tests.cluster.images import REPOSITORY, image
from tests.cluster.rig import Rig, target

# Of workloads that want no pods; nobody pulls them.
OLD, NEW, NEWER = (f"{REPOSITORY}@sha256:{digit * 64}" for digit in "123")
BEFORE = "apache/airflow:3.3.2"
HEX = NEW.rpartition(":")[2]

EXECUTOR = "AIRFLOW__CORE__EXECUTOR"
WORKER_REPOSITORY = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_REPOSITORY"
WORKER_TAG = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_TAG"


def idle(name: str, said: str, *command: str, **more: Any) -> Object:
    """A Deployment that wants no pods."""
    labels = more.pop("labels", None)
    return deployment(
        name, pod(container(name, said, *(command or (name,)), **more), name=name), replicas=0, labels=labels
    )


def idle_worker(said: str) -> Object:
    return stateful_set("worker", pod(container("worker", said, "celery", "worker"), name="worker"), replicas=0)


def env(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def variables(rig: Rig, workload: str) -> dict[str, str]:
    """The variables of a workload's first container."""
    found = rig.kubectl.get(workload)["spec"]["template"]["spec"]["containers"][0].get("env", [])
    return {one["name"]: one.get("value", "") for one in found}


def by_container(rig: Rig, workload: str) -> dict[str, str]:
    raw = rig.kubectl.get(workload)
    spec = raw["spec"].get("jobTemplate", raw)["spec"]["template"]["spec"]
    return {one["name"]: one["image"] for one in (*spec["containers"], *spec.get("initContainers", ()))}


def everything(rig: Rig) -> dict[str, tuple[str, ...]]:
    """Every object but those that controllers make of templates, and what any write but a status would change."""
    kinds = "statefulsets,deployments,cronjobs,configmaps,leases,pods"
    return {
        f"{one['kind']}/{one['metadata']['name']}": (
            one["metadata"]["uid"],
            # Controllers write the status of new objects for a while.
            str(one["metadata"].get("generation") or one["metadata"]["resourceVersion"]),
            *(entry["time"] for entry in one["metadata"]["managedFields"] if entry["manager"] == "dagship"),
        )
        for one in rig.kubectl.get(kinds)["items"]
        if one["metadata"]["name"] != "kube-root-ca.crt"
    }


def test_plain_manifests_move_with_pods_in_their_order_and_then_stay(rig: Rig) -> None:
    old, new = image("a"), image("b")
    redis = deployment("redis", pod(container("redis", "redis:7", "x"), name="redis"), replicas=0)
    rig.start(*celery(old, workers=2), redis)
    with history(rig.kubectl) as told:
        result = rig.rollout(new)

    assert (result.passed, result.outcome, result.image, result.release) == (True, "moved", new, 1)
    assert told.moved(new)[0] == "statefulset/worker"
    assert told.moved(new)[-1] == "deployment/dag-processor"
    assert set(told.moved(new)) == {move.key for move in result.moves}
    # Each step begins when all pods of the one before are right.
    middle = ("scheduler", "triggerer", "api-server")
    assert told.when_right("worker-", new, 2) < min(told.when_moved(f"deployment/{name}", new) for name in middle)
    assert max(told.when_right(f"{name}-", new, 1) for name in middle) < told.when_moved(
        "deployment/dag-processor", new
    )
    assert rig.kubectl.images().pop("deployment/redis") == {"redis:7"}
    assert set(rig.kubectl.running().values()) == {new}

    before, asked = everything(rig), Counter(rig.cluster.requests)
    again = rig.rollout(new)
    asked = rig.cluster.requests - asked

    assert (again.passed, again.outcome, again.release) == (True, "unchanged", 1)
    assert not {what for what in asked if what.startswith(("PATCH", "DELETE"))}
    assert {name for name, state in everything(rig).items() if before[name] != state} == {"Lease/dagship"}
    assert len(rig.record.releases) == 2
    assert sum(again.seconds.values()) < 10


def test_the_objects_of_the_chart_move_with_all_that_run_the_image(rig: Rig) -> None:
    rig.kubectl.apply(*charts.airflow(OLD, executor="CeleryExecutor"))
    result = rig.rollout(NEW)

    assert [(move.step, move.key, move.role) for move in result.moves] == [
        (0, "statefulset/airflow-worker", "worker"),
        (1, "cronjob/airflow-cleanup", "cronjob"),
        (1, "deployment/airflow-api-server", "api-server"),
        (1, "deployment/airflow-scheduler", "scheduler"),
        (1, "statefulset/airflow-triggerer", "triggerer"),
        (2, "deployment/airflow-dag-processor", "dag-processor"),
    ]
    assert by_container(rig, "statefulset/airflow-worker") == {
        "worker": NEW,
        "worker-log-groomer": NEW,
        "git-sync": charts.GIT_SYNC,
        "wait-for-airflow-migrations": NEW,
        "git-sync-init": charts.GIT_SYNC,
    }
    assert by_container(rig, "cronjob/airflow-cleanup") == {"airflow-cleanup-pods": NEW}
    assert rig.kubectl.images()["statefulset/airflow-redis"] == {charts.REDIS}
    assert rig.kubectl.images()["deployment/airflow-statsd"] == {charts.STATSD}
    assert WORKER_REPOSITORY not in variables(rig, "deployment/airflow-scheduler")


def test_pgbouncer_of_the_chart_is_of_airflows_repository_and_stays(rig: Rig) -> None:
    rig.kubectl.apply(*charts.airflow(BEFORE, executor="CeleryExecutor"), charts.pgbouncer("apache/airflow"))
    bouncer = by_container(rig, "deployment/airflow-pgbouncer")
    result = rig.rollout(NEW, from_image="apache/airflow")

    assert (result.outcome, len(result.moves)) == ("moved", 6)
    assert by_container(rig, "deployment/airflow-pgbouncer") == bouncer
    assert [said.partition(" ")[0] for said in result.warnings if "none of Airflow's" in said] == [
        "deployment/airflow-pgbouncer"
    ] * 2
    assert by_container(rig, "statefulset/airflow-worker")["worker"] == NEW


@pytest.mark.parametrize("executor", ["KubernetesExecutor", "CeleryExecutor,KubernetesExecutor"])
def test_the_pods_of_the_charts_kubernetes_executor_move_by_template_and_variables(rig: Rig, executor: str) -> None:
    rig.kubectl.apply(*charts.airflow(OLD, executor=executor))
    result = rig.rollout(NEW)
    data = rig.kubectl.get("configmap/airflow-config")["data"]
    before = charts.config(OLD, executor)["data"]

    assert result.moves[0].key == "configmap/airflow-config"
    # One line of a person's text is another; airflow.cfg is left as Helm wrote it, the environment beats it.
    assert data == {**before, "pod_template_file.yaml": before["pod_template_file.yaml"].replace(OLD, NEW)}
    assert pod_template_file.images(data["pod_template_file.yaml"]) == {
        ("base", False): NEW,
        ("git-sync-init", True): charts.GIT_SYNC,
    }
    assert variables(rig, "deployment/airflow-scheduler")[WORKER_REPOSITORY] == f"{REPOSITORY}@sha256"
    assert variables(rig, "deployment/airflow-scheduler")[WORKER_TAG] == HEX
    groomer = rig.kubectl.get("deployment/airflow-scheduler")["spec"]["template"]["spec"]["containers"][1]
    assert {one["name"] for one in groomer["env"]} == {"AIRFLOW__CORE__FERNET_KEY", "AIRFLOW_HOME"}
    assert WORKER_TAG not in variables(rig, "deployment/airflow-dag-processor")

    rig.rollback(0)

    assert rig.kubectl.get("configmap/airflow-config")["data"] == before
    assert set(variables(rig, "deployment/airflow-scheduler")) == {"AIRFLOW__CORE__FERNET_KEY", "AIRFLOW_HOME"}


def test_the_kubernetes_executor_of_plain_manifests_moves_by_the_variables_it_has(rig: Rig) -> None:
    settings = env(**{EXECUTOR: "KubernetesExecutor", WORKER_REPOSITORY: REPOSITORY, WORKER_TAG: "1", "OTHER": "stays"})
    rig.kubectl.apply(idle("scheduler", OLD, env=settings), idle("dag-processor", OLD, env=settings))
    rig.rollout(NEW)

    for workload in ("deployment/scheduler", "deployment/dag-processor"):
        assert variables(rig, workload) == {
            EXECUTOR: "KubernetesExecutor", WORKER_REPOSITORY: f"{REPOSITORY}@sha256", WORKER_TAG: HEX, "OTHER": "stays",
        }  # fmt: skip


def test_a_local_executor_needs_no_variable(rig: Rig) -> None:
    rig.kubectl.apply(idle("scheduler", OLD, env=env(**{EXECUTOR: "LocalExecutor"})), idle("dag-processor", OLD))
    result = rig.rollout(NEW)

    assert [move.key for move in result.moves] == ["deployment/scheduler", "deployment/dag-processor"]
    assert variables(rig, "deployment/scheduler") == {EXECUTOR: "LocalExecutor"}


def test_the_scheduler_of_airflow_2_moves_last(rig: Rig) -> None:
    rig.kubectl.apply(idle_worker(OLD), *(idle(name, OLD) for name in ("scheduler", "webserver", "triggerer")))
    with history(rig.kubectl, "StatefulSet", "Deployment") as told:
        rig.rollout(NEW)

    assert told.moved(NEW)[0] == "statefulset/worker"
    assert set(told.moved(NEW)[1:3]) == {"deployment/triggerer", "deployment/webserver"}
    assert told.moved(NEW)[3:] == ["deployment/scheduler"]


def test_today_s_image_of_another_repository_is_named_once(rig: Rig) -> None:
    rig.kubectl.apply(idle_worker(BEFORE), idle("scheduler", f"docker.io/{BEFORE}"), idle("statsd", "statsd:1"))
    with pytest.raises(UsageError) as refused:
        rig.rollout(NEW)
    untouched = rig.kubectl.images()
    first = rig.rollout(NEW, from_image="apache/airflow")
    second = rig.rollout(OLD)

    assert refused.value.message == f"Nothing in the namespace {rig.kubectl.namespace} runs {REPOSITORY} yet."
    assert "--from-image" in refused.value.hint
    assert refused.value.detail.splitlines()[1:] == [
        "  apache/airflow  (statefulset/worker)",
        "  docker.io/apache/airflow  (deployment/scheduler)",
        "  statsd  (deployment/statsd)",
    ]
    assert untouched["statefulset/worker"] == {BEFORE}
    assert [move.key for move in first.moves] == ["statefulset/worker", "deployment/scheduler"]
    assert (second.outcome, second.release) == ("moved", 2)
    assert rig.kubectl.images() == {
        "statefulset/worker": {OLD}, "deployment/scheduler": {OLD}, "deployment/statsd": {"statsd:1"},
    }  # fmt: skip


def test_workloads_that_are_named_move_alone(rig: Rig) -> None:
    waits = container("wait", BEFORE, "db", "check-migrations")
    worker = idle_worker(BEFORE)
    worker["spec"]["template"]["spec"]["initContainers"] = [waits]
    rig.kubectl.apply(worker, idle("scheduler", BEFORE), idle("theirs", BEFORE))
    names = ("statefulset/worker", "deployment/scheduler")
    result = rig.rollout(NEW, names=names)

    assert [move.key for move in result.moves] == list(names)
    assert rig.kubectl.images() == {
        "statefulset/worker": {NEW}, "deployment/scheduler": {NEW}, "deployment/theirs": {BEFORE},
    }  # fmt: skip


def test_a_name_that_is_not_there_moves_nothing(rig: Rig) -> None:
    rig.kubectl.apply(idle("scheduler", OLD))
    before = everything(rig)

    with pytest.raises(UsageError, match="There is no statefulset/scheduler here") as refused:
        rig.rollout(NEW, names=("deployment/scheduler", "statefulset/scheduler"))

    assert refused.value.hint == "There are: deployment/scheduler."
    assert everything(rig) == before


def test_one_of_two_airflows_in_a_namespace_is_told_by_its_labels(rig: Rig) -> None:
    rig.kubectl.apply(*(idle(f"{name}-scheduler", OLD, "scheduler", labels={"release": name}) for name in ("a", "b")))
    with pytest.raises(UsageError, match=r"a-scheduler \(release=a\), deployment/b-scheduler") as refused:
        rig.rollout(NEW)
    assert refused.value.hint.startswith("Choose one, as --selector release=a")
    report = json.loads(rig.command("status", "--json", f"--from-image={REPOSITORY}").stdout)
    assert (len(report["workloads"]), report["live"]) == (2, None)
    assert "more than one Airflow" in report["live_unseen"]
    assert set().union(*rig.kubectl.images().values()) == {OLD}
    result = rig.rollout(NEW, selector="release=a")

    assert [move.key for move in result.moves] == ["deployment/a-scheduler"]
    assert rig.kubectl.images() == {"deployment/a-scheduler": {NEW}, "deployment/b-scheduler": {OLD}}
    with pytest.raises(UsageError, match="has no StatefulSet, Deployment or CronJob to move"):
        rig.rollout(NEW, selector="release=c")
    with pytest.raises(UsageError, match=r"'release in \(' is not a label selector"):
        rig.rollout(NEW, selector="release in (")


def test_what_an_unfinished_rollout_moved_goes_back_where_the_next_one_leaves_it_out(rig: Rig) -> None:
    rig.kubectl.apply(*(idle(name, NEW, "scheduler", labels={"release": name}) for name in ("a", "b")))
    left = tuple(
        Move(kind="Deployment", name=name, changes=(Change(field="image", container=name, before=OLD, after=NEW),))
        for name in ("a", "b", "gone")
    )
    journal = Journal(
        state="moving", kind="rollout", image=NEW, dag_version="", airflow="", who="ci", job="", began="", moves=left
    )
    config_map.store(rig.cluster, Record(journal=journal), None)
    result = rig.rollout(NEWER, selector="release=a")

    assert result.passed
    assert rig.kubectl.images() == {"deployment/a": {NEWER}, "deployment/b": {OLD}}
    assert rig.record.journal is None
    # What was there before the first of them is what can be gone back to.
    assert [change.after for change in rig.record.releases[0].moves[0].changes] == [OLD]


def test_a_namespace_that_is_empty_or_not_there_is_said_to_be(rig: Rig) -> None:
    with pytest.raises(UsageError, match=f"The namespace {rig.kubectl.namespace} has no StatefulSet"):
        rig.rollout(NEW)


def test_a_paused_deployment_is_refused_before_anything_moves(rig: Rig) -> None:
    paused = idle("scheduler", OLD)
    paused["spec"]["paused"] = True
    rig.kubectl.apply(idle_worker(OLD), paused)
    before = everything(rig)

    with pytest.raises(UsageError, match="deployment/scheduler is paused") as refused:
        rig.rollout(NEW)

    assert "kubectl rollout resume deployment/scheduler" in refused.value.hint
    assert everything(rig) == before


def test_a_suspended_cron_job_moves_and_stays_suspended(rig: Rig) -> None:
    cleanup = cron_job("cleanup", pod(container("cleanup", OLD, "db", "clean"), name="cleanup"))
    cleanup["spec"]["suspend"] = True
    rig.kubectl.apply(cleanup)
    rig.rollout(NEW)

    assert rig.kubectl.images() == {"cronjob/cleanup": {NEW}}
    assert rig.kubectl.get("cronjob/cleanup")["spec"]["suspend"]


def test_a_dry_run_shows_the_plan_asks_the_server_and_changes_nothing(rig: Rig) -> None:
    rig.kubectl.apply(*charts.airflow(OLD, executor="KubernetesExecutor"))
    before, asked = everything(rig), Counter(rig.cluster.requests)
    result = rig.rollout(NEW, dry_run=True)
    asked = rig.cluster.requests - asked

    assert everything(rig) == before
    assert (result.passed, result.outcome, result.release) == (True, "planned", None)
    assert {what for what in asked if not what.startswith(("GET", "LIST", "EXEC"))} == {
        "POST selfsubjectaccessreviews", "PATCH configmaps", "PATCH cronjobs", "PATCH deployments", "PATCH statefulsets",
    }  # fmt: skip
    assert sum(count for what, count in asked.items() if what.startswith("PATCH")) == len(result.moves) == 6
    for row in (
        ["1", "configmap/airflow-config", "base", "pod_template_file.yaml", "@111111111111", "@222222222222"],
        ["2", "cronjob/airflow-cleanup", "airflow-cleanup-pods", "@111111111111", "@222222222222"],
        ["2", "deployment/airflow-api-server", "api-server,"],
    ):
        assert any(line.split()[: len(row)] == row for line in rig.text.splitlines()), row


def test_a_dry_run_from_the_command_line_has_its_plan_in_json(rig: Rig) -> None:
    new = image("b")
    rig.kubectl.apply(idle("scheduler", f"{REPOSITORY}:1"))
    before = everything(rig)
    finished = rig.command("rollout", f"--image={new}", "--dry-run", "--json")
    document = json.loads(finished.stdout)

    assert finished.returncode == 0, finished.stderr
    assert everything(rig) == before
    assert (document["outcome"], document["image"], document["release"]) == ("planned", new, None)
    assert document["moves"] == [
        {
            "kind": "Deployment", "name": "scheduler", "role": "scheduler", "step": 2, "strategy": None,
            "changes": [
                {
                    "field": "image", "container": "scheduler", "init": False, "name": "",
                    "before": f"{REPOSITORY}:1", "after": new,
                }
            ],
        }
    ]  # fmt: skip
    assert "dry run; nothing was changed" in finished.stderr


def test_a_dry_run_says_what_the_server_would_refuse(rig: Rig) -> None:
    config, *others = charts.airflow(OLD, executor="KubernetesExecutor")
    rig.kubectl.apply({**config, "immutable": True}, *others)
    before = everything(rig)

    with pytest.raises(OutsideError, match="immutable"):
        rig.rollout(NEW, dry_run=True)

    assert everything(rig) == before


def test_what_the_server_refuses_takes_the_rollout_back(rig: Rig) -> None:
    config, *others = charts.airflow(OLD, executor="KubernetesExecutor")
    rig.kubectl.apply({**config, "immutable": True}, *others)
    before = rig.written()
    result = rig.rollout(NEW)

    assert (result.passed, result.outcome, result.release) == (False, "undone", None)
    assert result.failure is not None
    assert (result.failure.workload, result.failure.reason) == ("configmap/airflow-config", "Refused")
    assert "immutable" in result.failure.message
    assert rig.written() == before


def test_a_template_that_cannot_be_changed_is_refused_before_anything_moves(rig: Rig) -> None:
    config, *others = charts.airflow(OLD, executor="KubernetesExecutor")
    config["data"]["pod_template_file.yaml"] = (
        f"kind: Pod\nspec:\n  containers:\n  - name: base\n    image: |-\n      {OLD}\n"
    )
    rig.kubectl.apply(config, *others)
    before = everything(rig)

    with pytest.raises(
        UsageError, match=r"The image of base in pod_template_file\.yaml of the ConfigMap airflow-config"
    ):
        rig.rollout(NEW)

    assert everything(rig) == before


def test_a_config_map_of_that_name_that_is_not_ours_is_left_alone(rig: Rig) -> None:
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dagship"}, "data": {"ship.yaml": "dag: 1"}}
    rig.kubectl.apply(theirs, idle("scheduler", OLD))
    before = everything(rig)

    with pytest.raises(UsageError, match=re.escape("The ConfigMap dagship is not dagship's: it has the key ship.yaml")):
        rig.rollout(NEW)

    assert everything(rig) == before


def test_twenty_workloads_are_planned_asked_for_and_moved(rig: Rig) -> None:
    names = [f"worker-{number:02}" for number in range(18)]
    rig.kubectl.apply(
        *(idle(name, OLD, "celery", "worker") for name in names),
        *(idle(name, OLD) for name in ("scheduler", "dag-processor")),
    )
    planned = rig.rollout(NEW, dry_run=True)
    moved = rig.rollout(NEW)

    assert [move.key for move in planned.moves] == [
        f"deployment/{name}" for name in (*names, "scheduler", "dag-processor")
    ]
    assert moved.moves == planned.moves
    assert set().union(*rig.kubectl.images().values()) == {NEW}


def test_a_variable_that_comes_from_a_secret_is_refused_before_anything_moves(rig: Rig) -> None:
    secret = {"name": WORKER_REPOSITORY, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": True}}}
    rig.kubectl.apply(idle("scheduler", OLD, env=[secret, *env(**{WORKER_TAG: "1"})]))

    with pytest.raises(UsageError, match=f"{WORKER_REPOSITORY} from elsewhere"):
        rig.rollout(NEW)

    assert rig.kubectl.images() == {"deployment/scheduler": {OLD}}


def test_a_hostile_image_name_is_shown_and_drives_nothing(rig: Rig) -> None:
    hostile = "x\x1b[2J\n::error::y\u202e"
    rig.kubectl.apply(idle("scheduler", hostile))
    finished = rig.command("rollout", f"--image={image('b')}")

    assert finished.returncode == 2
    assert r"'x\x1b[2J\n::error::y\u202e'  (deployment/scheduler)" in finished.stderr
    assert not {"\x1b", "\u202e"} & set(finished.stderr)
    with pytest.raises(UsageError, match="Nothing in the namespace"):
        rig.rollout(NEW, names=("deployment/scheduler",))
    assert rig.kubectl.images() == {"deployment/scheduler": {hostile}}


@pytest.mark.sampled
@pytest.mark.parametrize("allow", [False, True])
def test_another_version_of_airflow_itself_moves_only_when_it_may(rig: Rig, *, allow: bool) -> None:
    old, new = image("a"), image("newer", airflow="3.4.0")
    rig.start(deployment("scheduler", pod(container("scheduler", old, "scheduler"), name="scheduler")))
    newer = target(new).model_copy(update={"airflow": "3.4.0"})

    if allow:
        assert actions.rollout(rig.cluster, rig.console, newer, RolloutOptions(allow_airflow_change=True)).passed
        assert rig.record.releases[-1].airflow == "3.4.0"
    else:
        with pytest.raises(Refused, match=r"Airflow 3\.3\.2 runs, and the image has 3\.4\.0\."):
            actions.rollout(rig.cluster, rig.console, newer, RolloutOptions())
    assert set(rig.kubectl.running().values()) == {new if allow else old}
