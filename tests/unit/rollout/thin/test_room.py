"""What goes so that a package has room, and that nothing goes which is needed."""

from dagship.model.thin import MOST
from dagship.rollout.thin import room

HALF = MOST // 2


def test_while_there_is_room_every_package_stays() -> None:
    assert room.going({"a": HALF - 1, "b": 1}, {"c": HALF}, needed=(), recent=()) == ()


def test_what_no_run_needs_goes_the_oldest_first_and_no_more_than_has_to() -> None:
    there = {"new": 1000, "old": HALF, "needed": 1000, "forgotten": 100}

    gone = room.going(there, {"c": HALF}, needed=["needed"], recent=["needed", "old", "new"])
    assert gone == ("forgotten", "old")


def test_what_is_needed_stays_and_then_there_may_be_no_room() -> None:
    there, bring = {"a": HALF, "b": 10}, {"c": HALF + 1}

    assert room.going(there, bring, needed=["a"], recent=()) is None
    assert room.going(there, bring, needed=["b"], recent=()) == ("a",)


def test_of_more_than_have_room_the_one_that_is_needed_and_the_first_others_come() -> None:
    bring = {"needed": 1000, "newest": HALF, "large": HALF, "oldest": 100}

    assert room.fitting(bring, needed="needed") == ("needed", "newest", "oldest")
    assert room.fitting({"other": 1, "needed": MOST + 1}, needed="needed") == ("needed",)
    assert room.fitting({"other": MOST}, needed="there already") == ("other",)


def test_a_package_takes_the_place_of_one_of_its_version() -> None:
    assert room.going({"a": MOST}, {"a": MOST}, needed=["a"], recent=()) == ()


def test_it_is_said_what_takes_how_much() -> None:
    assert room.refusal({}, {"a": MOST + 1}, ()) == "what differs takes 513 KiB, and 512 KiB can be announced at most"
    assert room.refusal({"b": HALF, "c": 5}, {"a": 1000}, ["b"]) == (
        "what differs takes 1 KiB beside the 256 KiB that runs need or may begin on, and 512 KiB can be announced at most"
    )
