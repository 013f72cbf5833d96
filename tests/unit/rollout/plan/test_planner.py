"""What moves, by which steps, and what goes back."""

from typing import Any

from dagship.record.model import Change, Move, Release
from dagship.rollout.plan import planner
from tests.builders.airflow import container, deployment, pod
from tests.builders.moves import (
    NEW,
    OLD,
    TARGET,
    component,
    env,
    image,
    move,
    objects,
    selected,
    steps,
)


def release(*moves: Move) -> Release:
    return Release(number=4, kind="found", image="", when="", moves=moves)


def kubernetes_executor() -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    volumes = [{"name": "config", "configMap": {"name": "airflow-config"}}]
    waits = container("wait", OLD, "db", "check-migrations", probe=False)
    made = deployment(
        "scheduler", pod(container("scheduler", OLD, "scheduler"), name="s", volumes=volumes, initContainers=[waits])
    )
    config = {
        "airflow.cfg": "[core]\nexecutor = KubernetesExecutor\n",
        "pod_template_file.yaml": f"kind: Pod\nspec:\n  containers: [{{name: base, image: '{OLD}'}}]\n",
    }
    return made, {"airflow-config": {"kind": "ConfigMap", "metadata": {"name": "airflow-config"}, "data": config}}


def test_the_pods_of_the_kubernetes_executor_move_with_workers_and_the_scheduler_is_told() -> None:
    made, maps = kubernetes_executor()
    moves = planner.to_image(selected(made, component("dag-processor")), maps, [OLD], TARGET)
    scheduler = next(one for one in moves if one.key == "deployment/scheduler")

    assert steps(moves) == [
        (0, "configmap/airflow-config"),
        (1, "deployment/scheduler"),
        (2, "deployment/dag-processor"),
    ]
    assert moves[0].role == "pod-template"
    assert [(change.field, change.container, change.init, change.after) for change in scheduler.changes] == [
        ("image", "scheduler", False, NEW),
        ("image", "wait", True, NEW),
        ("env", "scheduler", False, NEW.rpartition(":")[0]),
        ("env", "scheduler", False, "b" * 64),
    ]
    assert scheduler.images == {"scheduler": NEW, "wait": NEW}


def test_nothing_selected_is_nothing_to_move() -> None:
    assert planner.to_image((), {}, [OLD], TARGET) == ()


def test_a_release_is_gone_back_to_field_by_field() -> None:
    made, maps = kubernetes_executor()
    there = objects(made, *maps.values())
    known = release(
        move("scheduler", image(None, "before:1", of="scheduler"), env(None, None, of="scheduler"), role="scheduler"),
        move("airflow-config", Change(field="template", container="base", name="pod_template_file.yaml", after="before:2"), kind="ConfigMap", role="pod-template"),
    )  # fmt: skip
    moves, gone = planner.to_release(known, there)

    assert gone == ()
    assert steps(moves) == [(0, "configmap/airflow-config"), (2, "deployment/scheduler")]
    assert moves[0].changes[0].before == OLD
    assert moves[0].changes[0].after == "before:2"
    assert [(change.before, change.after) for change in moves[1].changes] == [(OLD, "before:1"), (None, None)]


def test_what_is_no_longer_there_cannot_go_back() -> None:
    known = release(
        move("x", image(None, OLD), image(None, OLD, of="gone"), env(None, "1", of="gone")),
        move("y", image(None, OLD, of="gone")),
        move("gone", image(None, OLD)),
    )
    moves, gone = planner.to_release(known, objects(component("x", NEW), component("y", NEW)))

    assert [(one.key, len(one.changes)) for one in moves] == [("deployment/x", 1)]
    assert gone == ("deployment/gone is gone since release 4",)


def test_the_containers_of_moves_are_those_whose_images_change() -> None:
    found = planner.containers(
        [
            move("x", image(), image(of="wait", init=True), env(None, "1", of="y")),
            move("x", image(of="second")),
            move("settings", Change(field="template", container="base", name="pod.yaml"), kind="ConfigMap"),
        ]
    )

    assert found == {
        "deployment/x": {("x", False), ("wait", True), ("second", False)},
        "configmap/settings": frozenset(),
    }
