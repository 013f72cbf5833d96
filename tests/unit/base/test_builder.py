"""What the log of a base's build says: obstacles, each with its error."""

from dataclasses import replace
from pathlib import Path

import pytest

from dagship.base import builder as base
from dagship.base.plan import Plan, plan_base
from dagship.errors import DagshipError, OutsideError, Refused, UsageError
from dagship.inside.base import main as base_install
from dagship.settings_sources import load

LOGIN = "could not be queried due to a lack of valid authentication credentials (401 Unauthorized)"


def plan(root: Path, **flags: object) -> Plan:
    return plan_base(load(root, flags), root)


@pytest.mark.parametrize(
    ("kind", "words", "error", "said"),
    [
        ("no-version", "no solution", UsageError, "no apache-airflow 3.3.2 for Python 3.11.2"),
        ("no-extra", "nosuch", UsageError, "has no extra nosuch"),
        ("no-date", "", OutsideError, "does not tell when"),
        ("conflict", "because", Refused, "cannot be had with the packages of its day"),
        ("conflict", "error: Failed to build `broke==1.0`", Refused, "needs broke==1.0, which could not be built"),
        ("no-version", f"was not found\nhint: An index URL (x) {LOGIN}", OutsideError, "index refuses"),
        ("conflict", "hint: An index (x) returned a 403 Forbidden error. Check", OutsideError, "index refuses"),
        ("index", "connection refused", OutsideError, "index failed"),
        ("index", "cause: No space left on device (os error 28)", OutsideError, "disk is full"),
        ("something new", "?", OutsideError, "index failed"),
    ],
)
def test_each_obstacle_has_its_error(
    tmp_path: Path, kind: str, words: str, error: type[DagshipError], said: str
) -> None:
    raised = base.obstacle(plan(tmp_path), "3.11.2", kind, words)

    assert type(raised) is error
    assert said in raised.message
    assert words in raised.message + raised.detail


def test_the_version_that_is_not_there_is_no_example_of_one_that_is(tmp_path: Path) -> None:
    asked = plan(tmp_path)

    assert asked.airflow not in base.obstacle(asked, "3.11.2", "no-version", "no solution").hint


def test_a_conflict_with_constraints_names_them(tmp_path: Path) -> None:
    given = replace(plan(tmp_path), constraints="six==1\n")

    assert "the constraints" in base.obstacle(given, "3.11.2", "conflict", "because").message


def test_the_log_of_the_build_is_shown_and_obstacles_are_taken_out_of_it(tmp_path: Path) -> None:
    said: list[str] = []
    obstacles: list[DagshipError] = []
    hear = base.listener(plan(tmp_path), "3.11.2", obstacles, said.append)

    hear("#12 0.512 Resolved 197 packages in 1.1s")
    hear('#12 0.9 @@BASE@@{"kind": "no-extra", "words": "nosuch"}')
    hear("#12 ERROR: process did not complete successfully: exit code: 1")

    assert said == ["0.512 Resolved 197 packages in 1.1s", "ERROR: process did not complete successfully: exit code: 1"]
    assert [str(error) for error in obstacles] == ["apache-airflow 3.3.2 has no extra nosuch."]


def test_the_marks_of_both_sides_are_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        base_install._stop("index", "https://user:password@index.test refused")
    obstacles: list[DagshipError] = []

    base.listener(plan(tmp_path), "3.11.2", obstacles, pytest.fail)("#7 1.0 " + capsys.readouterr().out.rstrip("\n"))

    assert obstacles[0].detail == "https://***@index.test refused"
