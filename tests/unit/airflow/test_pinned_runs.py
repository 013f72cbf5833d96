"""Runs that need a DAG version: which an image lacks."""

from dagship.airflow import pinned_runs
from dagship.airflow.activity import Activity, RunCount
from dagship.model.artifacts import Target
from tests.builders.runs import A, B, C, live, target


def test_versions_that_the_image_holds_are_not_lacking() -> None:
    assert {C: 2} == pinned_runs.lacking(live(a=1, b=3, c=2, _=7), target(B, A))
    assert {} == pinned_runs.lacking(live(a=1), target(B, A))


def test_an_image_that_names_one_version_holds_that() -> None:
    assert {B: 1} == pinned_runs.lacking(live(a=1, b=1), Target(image="x", digest="", dag_version=A))


def test_of_an_image_that_says_nothing_nothing_is_known() -> None:
    assert {} == pinned_runs.lacking(live(a=1), target())
    assert A in pinned_runs.unknown(live(a=1), target())
    assert "" == pinned_runs.unknown(live(_=1), target())
    assert "" == pinned_runs.unknown(live(a=1), target(A))


def test_versions_that_come_from_elsewhere_are_no_matter_of_the_image() -> None:
    assert {} == pinned_runs.lacking(live(a=1, baked=False), target(B))


def test_runs_that_begin_on_the_way_are_thought_of_where_the_image_lacks_their_version() -> None:
    assert A in pinned_runs.announced(live(), target(B), A)
    assert "" == pinned_runs.announced(live(), target(B, A), A)
    assert "" == pinned_runs.announced(live(), target(), A)
    assert "" == pinned_runs.announced(live(), target(B), "")
    assert "" == pinned_runs.announced(live(baked=False), target(B), A)
    # Those are refused, or waited for.
    assert "" == pinned_runs.announced(live(a=1), target(B), A)


def test_commits_of_a_bundle_beside_the_images_are_no_matter_of_the_image() -> None:
    both = Activity(baked=True, runs=(RunCount(version="c" * 40, state="running", runs=2), *live(a=1).runs))

    assert {A: 1} == pinned_runs.lacking(both, target(B))
    assert "" == pinned_runs.stranded(both.model_copy(update={"held": (A,)}))


def test_runs_whose_version_is_not_there_any_more_are_told() -> None:
    now = live(a=1, b=2).model_copy(update={"held": (A,)})

    assert f"{B} (2 runs)" in pinned_runs.stranded(now)
    assert f"{A} (" not in pinned_runs.stranded(now)
    assert "" == pinned_runs.stranded(now.model_copy(update={"held": (A, B)}))
    # An image without version directories says nothing of versions.
    assert "" == pinned_runs.stranded(live(a=1))
    assert "" == pinned_runs.stranded(live(b=1, baked=False).model_copy(update={"held": (A,)}))


def test_the_refusal_names_versions_runs_and_the_ways_out() -> None:
    refused = pinned_runs.refusal({A: 1, B: 2})

    assert f"{A} (1 run), {B} (2 runs)" in refused.message
    assert all(flag in refused.hint for flag in ("--previous", "--wait-for-runs", "--interrupt-tasks"))
    assert 1 == refused.exit_code


def test_no_wait_is_advised_for_runs_of_which_none_can_end() -> None:
    refused = pinned_runs.refusal({A: 1}, "Their DAG is gone; mark them as failed.", ends=False)

    assert "mark them as failed" in refused.hint
    assert "--wait-for-runs" not in refused.hint
