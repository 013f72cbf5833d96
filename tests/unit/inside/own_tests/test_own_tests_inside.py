"""What is told of the user's own tests. Left out: pytest in an image."""

from dagship.inside.own_tests.main import beginning


def test_no_part_of_a_word_is_left_where_the_message_of_a_test_is_cut() -> None:
    for before in ("word " * 198, "line\n" * 198):  # 990 characters
        assert f"{before}…" == beginning(before + "correct-horse-battery")
    assert "a short one" == beginning("a short one")
    assert "…" == beginning("x" * 1001)
