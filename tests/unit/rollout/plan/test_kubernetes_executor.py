"""The image of the KubernetesExecutor's pods: found wherever it is set, and set where it would be overlooked."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from dagship.errors import UsageError
from dagship.rollout.plan import kubernetes_executor
from dagship.workloads import spec as workload_spec
from dagship.workloads.selection import Selected
from tests.builders.airflow import deployment, pod, stateful_set

REPOSITORY = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_REPOSITORY"
TAG = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_TAG"
OLD_REPOSITORY = "AIRFLOW__KUBERNETES__WORKER_CONTAINER_REPOSITORY"
OLD_TAG = "AIRFLOW__KUBERNETES__WORKER_CONTAINER_TAG"
EXECUTOR = "AIRFLOW__CORE__EXECUTOR"
HEX = "a" * 64
NEW = f"registry.example:5000/team/airflow@sha256:{HEX}"
OLD = "registry.example:5000/team/airflow:1"
AFTER = {REPOSITORY: "registry.example:5000/team/airflow@sha256", TAG: HEX}

Maps = Mapping[str, Mapping[str, Any]]


def env(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def container(name: str = "scheduler", *command: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "image": OLD, "command": ["airflow", *(command or ("scheduler",))], **more}


def scheduler(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return deployment("scheduler", pod(*(containers or (container(),)), name="scheduler", **spec))


def selected(*made: dict[str, Any]) -> Selected:
    read = [workload_spec.read(one["kind"], one) for one in made]
    return tuple(
        (workload, tuple(one for one in workload.containers if one.image.startswith("registry.example:5000/team/")))
        for workload in read
    )


def config_map(**data: str) -> dict[str, Any]:
    return {"data": data}


def variables(
    made: dict[str, Any], config_maps: Maps | None = None
) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    changes = kubernetes_executor.environment(selected(made), config_maps or {}, NEW)
    assert changes.keys() <= {f"{made['kind'].lower()}/{made['metadata']['name']}"}
    return {
        (change.container, change.name): (change.before, change.after) for found in changes.values() for change in found
    }


@pytest.mark.parametrize(
    "name",
    ["KubernetesExecutor", "LocalKubernetesExecutor", "CeleryKubernetesExecutor", "CeleryExecutor,KubernetesExecutor"],
)
def test_the_scheduler_is_told_the_image_where_its_executor_starts_pods(name: str) -> None:
    made = scheduler(container(env=env(**{EXECUTOR: name})))

    assert variables(made) == {("scheduler", name): (None, after) for name, after in AFTER.items()}


@pytest.mark.parametrize("name", ["LocalExecutor", "CeleryExecutor", "SequentialExecutor"])
def test_no_variable_is_made_where_nothing_starts_pods(name: str) -> None:
    assert variables(scheduler(container(env=env(**{EXECUTOR: name})))) == {}
    assert variables(scheduler()) == {}


def test_a_component_that_starts_no_pods_gets_no_variable() -> None:
    settings = env(**{EXECUTOR: "KubernetesExecutor"})
    made = deployment("triggerer", pod(container("triggerer", "triggerer", env=settings), name="triggerer"))

    assert variables(made) == {}


@pytest.mark.parametrize("names", [(REPOSITORY, TAG), (OLD_REPOSITORY, OLD_TAG)])
def test_variables_that_are_set_move_wherever_they_are(names: tuple[str, str]) -> None:
    both = env(**{names[0]: "registry.example:5000/team/airflow", names[1]: "1"})
    made = stateful_set("worker", pod(container("worker", "celery", "worker", env=both), name="worker"))

    assert variables(made) == {
        ("worker", names[0]): ("registry.example:5000/team/airflow", AFTER[REPOSITORY]),
        ("worker", names[1]): ("1", HEX),
    }


def test_the_names_of_airflow_2_4_are_set_beside_those_of_today() -> None:
    settings = env(**{EXECUTOR: "KubernetesExecutor", OLD_REPOSITORY: "r", OLD_TAG: "1"})

    assert variables(scheduler(container(env=settings))) == {
        ("scheduler", REPOSITORY): (None, AFTER[REPOSITORY]),
        ("scheduler", TAG): (None, HEX),
        ("scheduler", OLD_REPOSITORY): ("r", AFTER[REPOSITORY]),
        ("scheduler", OLD_TAG): ("1", HEX),
    }


def test_a_variable_alone_does_nothing_and_stays() -> None:
    """The provider looks at the two only where both are set."""
    assert variables(scheduler(container(env=env(**{REPOSITORY: "r"})))) == {}


def test_one_that_is_set_is_completed_where_the_executor_starts_pods() -> None:
    settings = env(**{EXECUTOR: "KubernetesExecutor", TAG: "1"})

    assert variables(scheduler(container(env=settings))) == {
        ("scheduler", REPOSITORY): (None, AFTER[REPOSITORY]),
        ("scheduler", TAG): ("1", HEX),
    }


def test_an_image_by_tag_goes_in_as_a_repository_and_a_tag() -> None:
    made = selected(scheduler(container(env=env(**{EXECUTOR: "KubernetesExecutor"}))))
    (changes,) = kubernetes_executor.environment(made, {}, "registry.example:5000/team/airflow:2").values()

    assert [change.after for change in changes] == ["registry.example:5000/team/airflow", "2"]


@pytest.mark.parametrize(
    "containers",
    [
        (container("groomer", "clean-logs"), container("scheduler")),
        (container("scheduler"), container("groomer", "clean-logs")),
        (container("scheduler-log-groomer", "clean-logs"), container("main")),
        (container("groomer", "clean-logs"), {"name": "scheduler", "image": OLD}),
    ],
    ids=["groomer first", "groomer last", "by command", "by name"],
)
def test_the_container_that_is_the_scheduler_gets_the_variables(containers: tuple[dict[str, Any], ...]) -> None:
    made = deployment("scheduler", pod(*containers, name="scheduler"), labels={"component": "scheduler"})
    maps = {"settings": config_map(**{EXECUTOR: "KubernetesExecutor"})}
    for one in containers:
        one["envFrom"] = [{"configMapRef": {"name": "settings"}}]
    told = {name for name, _ in variables(made, maps)}

    assert told == {next(one["name"] for one in containers if one["name"] in {"scheduler", "main"})}


def test_a_sidecar_of_another_image_gets_no_variable() -> None:
    sync = {"name": "git-sync", "image": "git-sync:4", "env": env(**{REPOSITORY: "r", TAG: "1"})}
    settings = env(**{EXECUTOR: "KubernetesExecutor"})

    assert {name for name, _ in variables(scheduler(sync, container(env=settings)))} == {"scheduler"}


def test_init_containers_start_no_pods() -> None:
    waits = {"name": "wait", "image": OLD, "env": env(**{REPOSITORY: "r", TAG: "1", EXECUTOR: "KubernetesExecutor"})}

    assert {name for name, _ in variables(scheduler(initContainers=[waits]))} == {"scheduler"}


@pytest.mark.parametrize("names", [(REPOSITORY, TAG), (OLD_REPOSITORY, OLD_TAG)])
def test_a_variable_whose_value_is_elsewhere_is_refused_by_name(names: tuple[str, str]) -> None:
    elsewhere = {"name": names[0], "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    made = scheduler(container(env=[elsewhere, *env(**{names[1]: "1"})]))

    with pytest.raises(UsageError, match=f"deployment/scheduler has {names[0]} from elsewhere"):
        variables(made)


CFG = "[core]\nexecutor = KubernetesExecutor\n# 100% of it\nparallelism = %(nothing)s\n"


@pytest.mark.parametrize(
    ("maps", "spec"),
    [
        ({"c": config_map(**{"airflow.cfg": CFG})}, {"volumes": [{"name": "v", "configMap": {"name": "c"}}]}),
        ({"c": config_map(**{EXECUTOR: "KubernetesExecutor"})}, {"envFrom": [{"configMapRef": {"name": "c"}}]}),
        (
            {"c": config_map(how="KubernetesExecutor")},
            {"env": [{"name": EXECUTOR, "valueFrom": {"configMapKeyRef": {"name": "c", "key": "how"}}}]},
        ),
    ],
    ids=["airflow.cfg", "all variables of a ConfigMap", "a key of a ConfigMap"],
)
def test_the_executor_is_read_wherever_it_is_written(maps: Maps, spec: dict[str, Any]) -> None:
    of_pod = {"volumes": spec.pop("volumes")} if "volumes" in spec else {}
    made = scheduler(container(**spec), **of_pod)
    ((workload, _),) = selected(made)

    assert kubernetes_executor.executor(workload, maps) == "KubernetesExecutor"
    assert variables(made, maps) != {}


def test_the_environment_beats_the_file_and_a_variable_beats_all_variables_of_a_config_map() -> None:
    maps = {"c": config_map(**{"airflow.cfg": CFG}), "e": config_map(**{EXECUTOR: "CeleryExecutor"})}
    volumes = [{"name": "v", "configMap": {"name": "c"}}]
    from_all = container(envFrom=[{"configMapRef": {"name": "e"}}])
    both = container(envFrom=[{"configMapRef": {"name": "e"}}], env=env(**{EXECUTOR: "LocalExecutor"}))

    assert kubernetes_executor.executor(selected(scheduler(from_all, volumes=volumes))[0][0], maps) == "CeleryExecutor"
    assert kubernetes_executor.executor(selected(scheduler(both, volumes=volumes))[0][0], maps) == "LocalExecutor"


@pytest.mark.parametrize(
    "text", ["", "executor = X", "[core]", "[core]\n= 1\n]]", "[kubernetes]\nexecutor=KubernetesExecutor"]
)
def test_a_file_that_does_not_say_is_no_failure(text: str) -> None:
    made = scheduler(volumes=[{"name": "v", "configMap": {"name": "c"}}])

    assert kubernetes_executor.executor(selected(made)[0][0], {"c": config_map(**{"airflow.cfg": text})}) == ""
    assert kubernetes_executor.executor(selected(made)[0][0], {"c": {}}) == ""
    assert kubernetes_executor.executor(selected(made)[0][0], {}) == ""


POD = f"kind: Pod\nspec:\n  containers:\n  - {{name: base, image: '{OLD}'}}\n  - {{name: statsd, image: statsd:1}}\n"


def test_a_template_beside_a_scheduler_says_as_much_where_the_executor_is_in_a_secret() -> None:
    maps = {"c": config_map(**{"pod_template.yaml": POD})}
    hidden = [{"name": EXECUTOR, "valueFrom": {"secretKeyRef": {"name": "s", "key": "executor"}}}]
    volumes = [{"name": "v", "configMap": {"name": "c"}}]

    assert {name for _, name in variables(scheduler(container(env=hidden), volumes=volumes), maps)} == {REPOSITORY, TAG}
    assert variables(scheduler(container(env=env(**{EXECUTOR: "CeleryExecutor"})), volumes=volumes), maps) == {}


def test_templates_of_ours_move_and_nothing_else_in_them() -> None:
    maps = {
        "c": config_map(**{"b.yaml": POD, "a.yaml": POD.replace(OLD, "other/airflow:1"), "airflow.cfg": CFG}),
        "not-mounted": config_map(**{"pod.yaml": POD}),
        "without-data": {},
    }
    volumes = [{"name": name, "configMap": {"name": name}} for name in ("c", "without-data", "not-there")]
    (move,) = kubernetes_executor.templates(selected(scheduler(volumes=volumes)), maps, [OLD], NEW)

    assert (move.kind, move.name, move.role) == ("ConfigMap", "c", "pod-template")
    assert [(change.field, change.name, change.container, change.init) for change in move.changes] == [
        ("template", "b.yaml", "base", False)
    ]
    assert (move.changes[0].before, move.changes[0].after) == (OLD, NEW)


def test_what_runs_another_image_of_the_repository_in_a_template_stays() -> None:
    pods = {
        "kind": "Pod",
        "spec": {
            "initContainers": [{"name": "wait", "image": OLD}, {"name": "sync", "image": OLD.replace(":1", ":sync-4")}],
            "containers": [{"name": "statsd", "image": OLD.replace(":1", ":statsd-1")}, {"name": "base", "image": OLD}],
        },
    }
    volumes = [{"name": "v", "configMap": {"name": "c"}}]
    maps = {"c": config_map(pod=yaml.safe_dump(pods))}
    (move,) = kubernetes_executor.templates(selected(scheduler(volumes=volumes)), maps, [OLD], NEW)

    assert [change.container for change in move.changes] == ["base", "wait"]


def test_a_template_that_two_workloads_mount_moves_once() -> None:
    volumes = [{"name": "v", "configMap": {"name": "c"}}]
    worker = stateful_set("worker", pod(container("worker", "celery", "worker"), name="worker", volumes=volumes))
    maps = {"c": config_map(pod=POD)}
    (move,) = kubernetes_executor.templates(selected(worker, scheduler(volumes=volumes)), maps, [OLD], NEW)

    assert len(move.changes) == 1


def test_a_template_of_the_image_that_the_named_workloads_run_is_ours() -> None:
    """At the first adoption by --workloads no repository is known but the new one."""
    maps = {"c": config_map(pod=POD)}
    made = selected(scheduler(volumes=[{"name": "v", "configMap": {"name": "c"}}]))

    assert kubernetes_executor.templates(made, maps, ["new.example/airflow"], NEW)
    assert not kubernetes_executor.templates(((made[0][0], ()),), maps, ["new.example/airflow"], NEW)


def test_images_that_variables_name_are_told_where_both_are_set() -> None:
    ((workload, _),) = selected(scheduler(container(env=env(**AFTER)), container("b", env=env(**{REPOSITORY: "r", OLD_TAG: "1"}))))  # fmt: skip

    assert kubernetes_executor.images(workload.containers) == {NEW}
    assert kubernetes_executor.images(()) == frozenset()
