"""Moves, as a record has them."""

from tests.builders.moves import NEW, OLD, env, image, move


def test_a_way_back_is_the_same_move_with_before_and_after_exchanged() -> None:
    one = move("x", image(OLD, NEW), env(None, "r"), step=2, role="scheduler")

    assert [(change.before, change.after) for change in one.reversed().changes] == [(NEW, OLD), ("r", None)]
    assert one.reversed().reversed() == one
