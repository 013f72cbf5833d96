"""What a smoke run is called, and what it proves."""

import pytest

from dagship.airflow import smoke
from dagship.airflow.smoke import SmokeRun

A, B = "a" * 12, "b" * 12
NOW = 1_796_020_447.25


def run(**said: object) -> SmokeRun:
    found = smoke.read("d", {"run_id": "r", "state": "success", "version": A, **said})
    assert found is not None
    return found


def test_a_run_is_known_by_its_id_and_so_is_its_version() -> None:
    assert f"dagship_smoke__{A}__20261130T063407250000" == smoke.run_id(A, NOW)
    assert smoke.run_id(A, NOW).startswith(smoke.prefix(A))
    assert not smoke.run_id(A, NOW).startswith(smoke.prefix(B))
    assert smoke.run_id("", NOW).startswith(smoke.MARK)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, ""),
        ({"version": "", "is_3": False}, ""),
        ({"version": B, "is_3": False}, ""),
        ({"version": ""}, ""),
        ({"version": B}, f"is of another DAG version than {A}: of {B} (r)"),
        ({"state": "failed"}, "the smoke run of d failed: r"),
        ({"state": "failed", "failed": ["t", "u[3]"]}, "the smoke run of d failed in t, u[3]: r"),
        ({"state": "failed", "failed": list("tuvwx")}, "failed in t, u, v and 2 more: r"),
        ({"state": "running"}, "did not end within 60 s: r is running"),
        ({"state": ""}, "did not end within 60 s: r is not there"),
        ({"state": "", "run_id": ""}, f"did not begin within 60 s: Airflow has not read the DAG at DAG version {A}"),
        ({"obstacle": "gone", "state": ""}, "cannot begin: Airflow has no such DAG"),
        ({"obstacle": "paused", "state": ""}, "cannot begin: the DAG is paused"),
        ({"obstacle": "refused", "said": "x\n is  missing"}, "cannot begin: x is missing"),
    ],
)
def test_a_run_proves_a_version_that_it_ended_well_on_and_else_says_why_not(said: dict[str, object], why: str) -> None:
    found = smoke.trouble(run(**said), A, limit=60.0)

    assert why in found
    assert bool(why) == bool(found)


def test_where_the_version_is_not_known_none_is_wrong() -> None:
    assert "" == smoke.trouble(run(version=B), "", limit=60.0)


@pytest.mark.parametrize(
    ("said", "over"),
    [({}, True), ({"state": "failed"}, True), ({"state": "running"}, False), ({"state": "queued"}, False),
     ({"state": "queued", "obstacle": "paused"}, True)],
)  # fmt: skip
def test_what_has_ended_or_will_not_begin_is_not_waited_for(said: dict[str, object], over: bool) -> None:
    assert over == run(**said).has_ended


@pytest.mark.parametrize("said", [{"state": 1}, {"obstacle": "other"}, {"failed": "t"}])
def test_what_is_no_answer_is_told(said: dict[str, object]) -> None:
    assert None is smoke.read("d", said)
