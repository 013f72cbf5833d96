"""A rollback within an image, and a dag-processor that ends before its successor begins."""

import json
from typing import Any

import pytest

from dagship.airflow.activity import Activity
from dagship.model.artifacts import Target
from dagship.record.model import Journal, Move, Release
from dagship.rollout.execute import apply
from dagship.rollout.plan import dag_version, drift, patch, planner, resume
from dagship.workloads import selection
from dagship.workloads import spec as workload_spec
from dagship.workloads.spec import Workload
from tests.builders import pods as o
from tests.builders.airflow import celery, container, deployment, pod
from tests.builders.namespace import Namespace

A, B = "a" * 12, "b" * 12
ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
TARGET = Target(image=o.V2, digest=o.digest(o.V2), dag_version=B, dag_versions=(B, A))


def processor(image: str = o.V1, *, pointer: str | None = None, **spec: Any) -> dict[str, Any]:
    env = [{"name": "TZ", "value": "UTC"}]
    env += [{"name": dag_version.POINTER, "value": pointer}] if pointer else []
    groomer = container("groomer", image, "clean", probe=False)
    return deployment(
        "dag-processor",
        pod(groomer, container("processor", image, "dag-processor", env=env), name="dag-processor"),
        **spec,
    )


def airflow(image: str = o.V1, **more: Any) -> list[dict[str, Any]]:
    return [*(one for one in celery(image) if one["metadata"]["name"] != "dag-processor"), processor(image, **more)]


def read(made: list[dict[str, Any]]) -> tuple[Workload, ...]:
    return tuple(workload_spec.read(one["kind"], one) for one in made)


def objects(made: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    return {(one["kind"], one["metadata"]["name"]): one for one in made}


def moves(made: list[dict[str, Any]], journal: Journal | None = None, target: Target = TARGET) -> tuple[Move, ...]:
    selected = selection.select(read(made), repositories=[o.V1])
    return resume.gone_on(planner.to_image(selected, {}, [o.V1], target), journal, objects(made))


def live(current: str = B, *held: str, **more: Any) -> Activity:
    return Activity.model_validate({"current": current, "held": held or (A, B), "baked": True, **more})


def to(version: str, made: list[dict[str, Any]], said: Activity | None = None, **more: bool) -> tuple[Move, ...] | None:
    return dag_version.to_version(moves(made), read(made), version, said or live(), **{"begun": False, **more})


def said(found: tuple[Move, ...] | None) -> list[tuple[str, str, str, str | None, str | None]]:
    return [(one.key, c.container, c.name, c.before, c.after) for one in found or () for c in one.changes]


def journal(*begun: Move) -> Journal:
    values: dict[str, Any] = {"state": "moving", "kind": "rollback", "image": o.V1, "dag_version": A}
    return Journal.model_validate({**values, "airflow": "", "who": "", "job": "", "began": "", "moves": begun})


def test_a_version_that_the_image_holds_takes_one_variable_of_the_dag_processor() -> None:
    assert [("deployment/dag-processor", "processor", dag_version.POINTER, None, A)] == said(to(A, airflow()))


@pytest.mark.parametrize(("pointer", "version"), [(None, B), (A, A), ("c" * 12, B)])
def test_new_runs_get_what_is_pointed_at_if_the_image_holds_it(pointer: str | None, version: str) -> None:
    assert version == dag_version.announced(read(airflow(pointer=pointer)), live())
    assert B == dag_version.announced(read(airflow(pointer=pointer)[:-1]), live())


def test_back_to_the_images_own_version_the_variable_goes() -> None:
    assert [("deployment/dag-processor", "processor", dag_version.POINTER, A, None)] == said(to(B, airflow(pointer=A)))


@pytest.mark.parametrize(
    ("version", "made", "answer"),
    [
        (B, airflow(), live()),
        (A, airflow(pointer=A), live()),
        ("", airflow(), live()),
        (A, airflow(), live(B, B)),
        (A, airflow(), live(baked=False)),
        (A, [*airflow()[:-1], processor(o.V2)], live()),
        (A, airflow()[:-1], live()),
    ],
    ids=["is announced", "is pointed at", "not known", "not held", "not baked", "several images", "no dag-processor"],
)
def test_elsewhere_it_takes_an_image(version: str, made: list[dict[str, Any]], answer: Activity) -> None:
    assert to(version, made, answer) is None


def test_one_that_was_begun_is_gone_on_with() -> None:
    begun = to(A, airflow())
    assert begun
    resumed = to(A, airflow(pointer=A), begun=True)
    assert resumed

    assert [("deployment/dag-processor", "processor", dag_version.POINTER, None, A)] == said(
        resume.gone_on(resumed, journal(*begun), objects(airflow(pointer=A)))
    )
    assert dag_version.is_pointing(resumed)


def test_the_next_image_takes_the_variable_away() -> None:
    found = next(one for one in moves(airflow(pointer=A)) if one.role == "dag-processor")

    assert ("deployment/dag-processor", "processor", dag_version.POINTER, A, None) in said((found,))
    assert not dag_version.is_pointing([found])


@pytest.mark.parametrize("pointer", [None, A, B])
def test_a_release_that_had_its_image_announce_an_older_version_is_gone_back_to_with_that(pointer: str | None) -> None:
    (pointed,) = to(A, airflow()) or ()
    release = Release(number=3, kind="rollback", image=o.V2, dag_version=A, when="", moves=(pointed,))
    target = TARGET.model_copy(update={"dag_pointer": dag_version.of_release(release)})
    (found,) = (one for one in moves(airflow(pointer=pointer), target=target) if one.role == "dag-processor")

    assert ("deployment/dag-processor", "processor", dag_version.POINTER, pointer, A) in said((found,))
    assert ("deployment/dag-processor", "processor", "", o.V1, o.V2) in said((found,))


def test_a_dag_processor_that_would_overlap_ends_first_and_gets_its_strategy_again() -> None:
    made = airflow(strategy=ROLLING)
    found = moves(made)
    own = {one.key: one.strategy for one in found}
    assert {"deployment/dag-processor"} == {key for key, strategy in own.items() if strategy is not None}

    namespace = Namespace(*made)
    (move,) = (one for one in found if one.role == "dag-processor")
    assert apply.apply(namespace, namespace, move, drift.own_values(found, None))  # type: ignore[arg-type]
    spec = namespace.get("Deployment", "dag-processor")["spec"]
    assert {"type": "Recreate", "rollingUpdate": None} == spec["strategy"]
    assert o.V2 == spec["template"]["spec"]["containers"][0]["image"]

    apply.restore(namespace, move)  # type: ignore[arg-type]
    assert ROLLING == namespace.get("Deployment", "dag-processor")["spec"]["strategy"]


def test_one_that_has_it_already_keeps_it() -> None:
    made = airflow(strategy={"type": "Recreate"})
    (move,) = (one for one in moves(made) if one.role == "dag-processor")
    namespace = Namespace(*made)
    apply.restore(namespace, move)  # type: ignore[arg-type]

    assert move.strategy is None
    assert [] == namespace.patched


def test_a_run_that_was_killed_leaves_its_strategy_to_the_next() -> None:
    begun = next(one for one in moves(airflow(strategy=ROLLING)) if one.role == "dag-processor")
    killed = airflow(o.V2, strategy={"type": "Recreate"})

    (resumed,) = (one for one in moves(killed, journal(begun)) if one.role == "dag-processor")
    assert ROLLING == json.loads(resumed.strategy or "null")
    assert [ROLLING] == [
        json.loads(one.strategy or "null")
        for one in resume.gone_on((), journal(begun), objects(killed))
        if one.role == "dag-processor"
    ]


def test_a_strategy_that_somebody_gave_it_meanwhile_stays() -> None:
    move = next(one for one in moves(airflow(strategy=ROLLING)) if one.role == "dag-processor")
    theirs = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3}}
    namespace = Namespace(*airflow(o.V2, strategy=theirs))
    apply.restore(namespace, move)  # type: ignore[arg-type]
    gone = Namespace()
    apply.restore(gone, move)  # type: ignore[arg-type]

    assert theirs == namespace.get("Deployment", "dag-processor")["spec"]["strategy"]


def test_a_variable_alone_is_a_patch_of_that_variable() -> None:
    (move,) = to(A, airflow()) or ()
    raw = {**processor(), "metadata": {"name": "dag-processor", "resourceVersion": "7"}}

    assert {
        "metadata": {"resourceVersion": "7"},
        "spec": {
            "template": {
                "spec": {"containers": [{"name": "processor", "env": [{"name": dag_version.POINTER, "value": A}]}]}
            }
        },
    } == patch.patch("Deployment", raw, move.changes)


def release(number: int, image: str, version: str, pointer: str | None = None) -> Release:
    change = {"field": "env", "container": "processor", "name": dag_version.POINTER, "after": pointer}
    move = {"kind": "Deployment", "name": "dag-processor", "role": "dag-processor", "changes": [change]}
    return Release.model_validate(
        {"number": number, "kind": "rollout", "image": image, "dag_version": version, "when": "", "moves": [move]}
    )


def test_what_is_served_is_the_image_whose_own_version_it_is() -> None:
    first, second, back = release(1, o.V1, A), release(2, o.V2, B), release(3, o.V2, A, pointer=A)

    assert dag_version.serving([]) == ""
    assert dag_version.serving([first, second]) == o.V2
    assert dag_version.serving([first, second, back]) == o.V1
    assert dag_version.serving([second, back]) == ""
    assert dag_version.serving([release(0, "", "")]) == ""
