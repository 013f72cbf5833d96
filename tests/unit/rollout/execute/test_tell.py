"""Telling what a release changes keeps nobody waiting, and fails nothing."""

import threading

import pytest

from dagship.errors import OutsideError
from dagship.model.artifacts import Target
from dagship.record.model import Release
from dagship.rollout.execute import tell

TARGET = Target(image="r.example/dags@sha256:2", digest="sha256:2")
FOUND = Release(number=0, kind="found", image="", when="2026-01-01")
FIRST = Release(number=1, kind="rollout", image="r.example/dags@sha256:1", when="2026-01-01")


def test_what_is_told_is_there_when_it_is_wanted() -> None:
    asked: list[object] = []

    def compare(releases: tuple[Release, ...], target: Target) -> tell.Told:
        asked.append((releases, target))
        return "why not"

    assert tell.begin(compare, (FOUND, FIRST), TARGET)(30) == "why not"
    assert asked == [((FOUND, FIRST), TARGET)]


@pytest.mark.parametrize(
    ("releases", "target"),
    [((), TARGET), ((FOUND,), TARGET), ((FIRST,), Target(image="", digest=""))],
)
def test_where_one_of_the_two_is_none_of_ours_nobody_compares(releases: tuple[Release, ...], target: Target) -> None:
    def compare(_releases: tuple[Release, ...], _target: Target) -> tell.Told:
        raise AssertionError("it was asked")

    assert tell.begin(compare, releases, target)(0) == ""


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (OutsideError("The registry does not answer."), "The registry does not answer"),
        (ValueError("a bug"), "it could not be compared (ValueError: a bug)"),
        (
            OSError("https://bob:hunter22@r.example/v2"),
            "it could not be compared (OSError: https://***@r.example/v2)",
        ),
    ],
)
def test_a_failure_is_a_reason_and_no_more(failure: Exception, said: str) -> None:
    def compare(_releases: tuple[Release, ...], _target: Target) -> tell.Told:
        raise failure

    assert tell.begin(compare, (FIRST,), TARGET)(30) == said


def test_a_registry_that_never_answers_is_not_waited_for() -> None:
    never = threading.Event()

    def compare(_releases: tuple[Release, ...], _target: Target) -> tell.Told:
        never.wait(30)
        return ""

    within = tell.begin(compare, (FIRST,), TARGET)

    assert (within(0), within(0.01)) == (None, None)
    never.set()
    assert within(30) == ""
