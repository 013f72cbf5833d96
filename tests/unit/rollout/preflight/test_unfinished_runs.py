"""Which runs would be left without their code, and what is said of the others."""

import pytest

from dagship.airflow.activity import Activity, DagRuns, RunCount
from dagship.errors import Refused
from dagship.model.artifacts import Target
from dagship.rollout.preflight import unfinished_runs

A, B = "a" * 12, "b" * 12
PINNED = Activity(baked=True, held=(A,), runs=(RunCount(version=A, state="running", runs=2),))


def target(*versions: str, **more: object) -> Target:
    return Target(image="x@sha256:1", digest="sha256:1", dag_version=B, dag_versions=versions, **more)  # type: ignore[arg-type]


def check(activity: Activity, to: Target, *, waits: bool = False, interrupt: bool = False) -> tuple[str, ...]:
    return unfinished_runs.check(activity, to, (), waits=waits, interrupt=interrupt)


def test_an_image_that_holds_what_runs_are_pinned_to_is_taken_without_a_word() -> None:
    assert check(PINNED, target(B, A)) == ()


def test_an_image_that_lacks_it_is_refused_unless_runs_are_waited_for_or_may_be_lost() -> None:
    with pytest.raises(Refused, match=rf"would fail: {A} \(2 runs\)"):
        check(PINNED, target(B))
    assert check(PINNED, target(B), waits=True) == ()
    assert [f"{A} (2 runs)" in said for said in check(PINNED, target(B), interrupt=True)] == [True]


@pytest.mark.parametrize(("gone", "waits"), [((True, True), False), ((True, False), True)])
def test_a_wait_is_advised_where_it_can_end(gone: tuple[bool, ...], waits: bool) -> None:
    dags = tuple(
        DagRuns(dag_id=f"d{number}", version=A, file="a.py", runs=1, paused=False, gone=each)
        for number, each in enumerate(gone)
    )
    with pytest.raises(Refused) as refused:
        check(PINNED.model_copy(update={"dags": dags}), target(B))

    assert "mark them as failed" in refused.value.hint
    assert ("--wait-for-runs" in refused.value.hint) is waits


def test_where_nobody_knows_what_the_image_holds_that_is_said() -> None:
    unknown = Target(image="x@sha256:1", digest="sha256:1")

    assert ["is not known" in said for said in check(PINNED, unknown)] == [True]


def test_runs_of_a_dag_that_the_image_lacks_or_has_elsewhere_are_named() -> None:
    dags = tuple(
        DagRuns(dag_id=dag_id, version=A, file="old.py", runs=1, paused=False, gone=False)
        for dag_id in ("gone", "moved")
    )
    said = check(PINNED.model_copy(update={"dags": dags}), target(B, A, dags={"moved": "new.py"}))

    assert ["gone (1 run)" in one for one in said] == [True, False]
    assert "old.py is new.py" in said[1]
