"""What moves, in which order, and what of it is still to be done when somebody began before."""

from typing import Any

import pytest

from dagship.artifacts import Target
from dagship.errors import Refused
from dagship.record.model import Change, Journal, Move, Release
from dagship.rollout.plan import drift, planner, resume
from dagship.workloads import spec
from dagship.workloads.kinds import Kind
from dagship.workloads.selection import Selected, select
from tests.builders.airflow import celery, container, cron_job, deployment, pod, stateful_set

OLD, NEW, NEWER = (f"registry.example:5000/team/airflow@sha256:{digit * 64}" for digit in "abc")
TARGET = Target(image=NEW, digest=f"sha256:{'b' * 64}")
REPOSITORY = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_REPOSITORY"


def selected(*made: dict[str, Any]) -> Selected:
    return select([spec.read(one["kind"], one) for one in made], repositories=[OLD])


def objects(*made: dict[str, Any]) -> dict[tuple[Kind, str], dict[str, Any]]:
    return {(one["kind"], one["metadata"]["name"]): one for one in made}


def component(name: str, image: str = OLD, *words: str) -> dict[str, Any]:
    return deployment(name, pod(container(name, image, *(words or (name,))), name=name))


def move(name: str = "x", *changes: Change, kind: Kind = "Deployment", **more: Any) -> Move:
    return Move(kind=kind, name=name, changes=changes, **more)


def image(before: str | None = OLD, after: str | None = NEW, *, of: str = "x", init: bool = False) -> Change:
    return Change(field="image", container=of, init=init, before=before, after=after)


def env(before: str | None, after: str | None, *, of: str = "x") -> Change:
    return Change(field="env", container=of, name=REPOSITORY, before=before, after=after)


def journal(*moves: Move) -> Journal:
    return Journal(
        state="moving", kind="rollout", image=NEW, dag_version="", airflow="", who="ci", job="", began="", moves=moves
    )


def release(*moves: Move) -> Release:
    return Release(number=4, kind="found", image="", when="", moves=moves)


def steps(moves: tuple[Move, ...]) -> list[tuple[int, str]]:
    return [(one.step, one.key) for one in moves]


def test_what_serves_a_version_moves_before_what_announces_it() -> None:
    moves = planner.to_image(selected(*celery(OLD)), {}, [OLD], TARGET)

    assert steps(moves) == [
        (0, "statefulset/worker"),
        (1, "deployment/api-server"),
        (1, "deployment/scheduler"),
        (1, "deployment/triggerer"),
        (2, "deployment/dag-processor"),
    ]


def test_without_a_dag_processor_the_scheduler_is_last() -> None:
    worker = stateful_set("worker", pod(container("worker", OLD, "celery", "worker"), name="worker"))
    made = [component(name) for name in ("webserver", "scheduler", "triggerer")]

    assert steps(planner.to_image(selected(worker, *made), {}, [OLD], TARGET)) == [
        (0, "statefulset/worker"),
        (1, "deployment/triggerer"),
        (1, "deployment/webserver"),
        (2, "deployment/scheduler"),
    ]


def test_every_set_of_workers_is_first_and_whatever_else_in_between() -> None:
    made = [
        *(component(f"worker-{name}", OLD, "celery", "worker") for name in ("gpu", "big")),
        cron_job("cleanup", pod(container("cleanup", OLD, "kubernetes", "cleanup-pods"), name="cleanup")),
        component("flower", OLD, "celery", "flower"),
        component("dag-processor"),
        component("scheduler"),
    ]

    assert steps(planner.to_image(selected(*made), {}, [OLD], TARGET)) == [
        (0, "deployment/worker-big"),
        (0, "deployment/worker-gpu"),
        (1, "cronjob/cleanup"),
        (1, "deployment/flower"),
        (1, "deployment/scheduler"),
        (2, "deployment/dag-processor"),
    ]


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


def test_a_rollout_that_goes_on_knows_what_was_there_before_the_first() -> None:
    began = journal(move("x", image(OLD, NEW), env(None, "r")))
    now = move("x", image(NEW, NEWER), env("r", "r2"), image("wait:1", NEWER, of="wait", init=True))
    (resumed,) = resume.resumed([now], began)

    assert [(change.before, change.after) for change in resumed.changes] == [
        (OLD, NEWER),
        (None, "r2"),
        ("wait:1", NEWER),
    ]
    assert resume.resumed([now], None) == (now,)


def test_what_an_unfinished_rollout_moved_and_the_next_does_not_goes_back() -> None:
    began = journal(move("x", image(), env(None, "r")), move("y", image(of="y")), move("z", image(of="z")))
    left = resume.left_out(
        [move("x", image(NEW, NEWER))], began, objects(*(component(name, NEW) for name in ("x", "y", "z")))
    )

    assert [(one.key, [(change.before, change.after) for change in one.changes]) for one in left] == [
        ("deployment/x", [(None, None)]),
        ("deployment/y", [(OLD, OLD)]),
        ("deployment/z", [(OLD, OLD)]),
    ]
    assert resume.left_out([], None, {}) == ()


def test_what_is_gone_since_an_unfinished_rollout_needs_no_way_back() -> None:
    began = journal(move("x", image(), image(of="gone")), move("gone", image(of="gone")))
    left = resume.left_out([], began, objects(component("x", NEW)))

    assert [(one.key, [change.container for change in one.changes]) for one in left] == [("deployment/x", ["x"])]


def test_a_field_own_what_any_of_our_plans_had_in_it() -> None:
    known = drift.own_values(
        [move("x", image(OLD, NEWER))], journal(move("x", image(OLD, NEW)), move("y", image(of="y")))
    )

    assert known["deployment/x", image().key] == {OLD, NEW, NEWER}
    assert known["deployment/y", image(of="y").key] == {OLD, NEW}
    earlier = journal(move("x", image(OLD, NEWER))).model_copy(update={"earlier": (move("x", image(OLD, NEW)),)})
    assert drift.own_values([], earlier)["deployment/x", image().key] == {OLD, NEW, NEWER}
    assert drift.own_values([], None) == {}


def test_what_is_done_already_is_not_done_again() -> None:
    one = move("x", image(OLD, NEW))
    own = drift.own_values([one], None)

    assert drift.outstanding(one, component("x", NEW), own) == ()
    assert drift.outstanding(one, component("x", OLD), own) == one.changes
    assert drift.says(one, component("x", NEW))
    assert not drift.says(one, component("x", OLD))
    assert not drift.says(one, None)


def test_what_an_earlier_run_began_is_ours_to_move_on() -> None:
    one = move("x", image(OLD, NEWER))

    assert (
        drift.outstanding(one, component("x", NEW), drift.own_values([one], journal(move("x", image(OLD, NEW)))))
        == one.changes
    )


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (component("x", "theirs:1"), "x says theirs:1 instead of "),
        (component("x", ""), "x says nothing instead of "),
        (component("x", "a\n::error::b"), "x says a ::error::b instead of "),
    ],
)
def test_what_somebody_else_wrote_is_not_overwritten(made: dict[str, Any], says: str) -> None:
    one = move("x", image(OLD, NEW))

    with pytest.raises(Refused, match="deployment/x was changed by someone else meanwhile") as refused:
        drift.outstanding(one, made, drift.own_values([one], None))

    assert refused.value.message.endswith(f"{says}{OLD}.")


def test_fields_of_somebody_else_can_be_left_out() -> None:
    one = move("x", image(OLD, NEW), env(None, "r"))
    own = drift.own_values([one], None)

    assert drift.without_foreign(one, component("x", "theirs:1"), own).changes == (one.changes[1],)
    assert drift.without_foreign(one, component("x", NEW), own) == one


def test_a_way_back_is_the_same_move_with_before_and_after_exchanged() -> None:
    one = move("x", image(OLD, NEW), env(None, "r"), step=2, role="scheduler")

    assert [(change.before, change.after) for change in one.reversed().changes] == [(NEW, OLD), ("r", None)]
    assert one.reversed().reversed() == one


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


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (NEW, "registry.example:5000/team/airflow@bbbbbbbbbbbb"),
        ("registry.example:5000/team/airflow:1", "registry.example:5000/team/airflow:1"),
        (f"airflow:1@sha256:{'c' * 64}", "airflow:1@cccccccccccc"),
        ("", ""),
        (None, ""),
        ("a\n::error::b\x1b", r"'a\n::error::b\x1b'"),
    ],
)
def test_a_digest_is_cut_to_what_people_compare(text: str | None, short: str) -> None:
    assert drift.short(text) == short
