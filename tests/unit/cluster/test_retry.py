import pytest

from dagship.cluster.failures import NotFound, Unreachable
from dagship.cluster.follower import pause as pause_between_watches
from dagship.cluster.retry import backoff, insist, pause


def test_pauses_grow_to_five_seconds_and_no_further() -> None:
    assert [round(backoff(attempt), 1) for attempt in (0, 1, 2, 3, 4, 5, 6, 1000)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5]


def test_the_last_try_is_made_when_patience_ends() -> None:
    assert pause(6, wait=0, left=1.5) == 1.5
    assert pause(7, wait=0, left=0) is None


def test_the_wait_that_the_server_asks_for_is_kept() -> None:
    assert pause(0, wait=3, left=10) == 3
    assert pause(6, wait=1, left=10) == 5


def test_a_wait_beyond_patience_ends_it_at_once() -> None:
    assert pause(0, wait=30, left=10) is None


def test_without_patience_one_failure_is_enough() -> None:
    tries = []

    def act() -> None:
        tries.append(1)
        raise Unreachable("away")

    with pytest.raises(Unreachable, match="away"):
        insist(act, 0)
    assert len(tries) == 1


def test_what_succeeds_in_the_end_is_returned() -> None:
    answers = iter([Unreachable("away"), Unreachable("away"), "here"])

    def act() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert insist(act, 10) == "here"


def test_a_refusal_is_not_tried_again() -> None:
    tries = []

    def act() -> None:
        tries.append(1)
        raise NotFound("gone")

    with pytest.raises(NotFound):
        insist(act, 10)
    assert len(tries) == 1


def test_a_dropped_watch_is_taken_up_at_once_and_one_that_drops_again_later_and_later() -> None:
    assert [round(pause_between_watches(attempt, 0), 1) for attempt in (0, 1, 2, 3, 4)] == [0, 0, 0.2, 0.4, 0.8]
    assert pause_between_watches(1, 7.0) == 7.0
