"""Texts of users without what drives who shows them."""

import pytest

from dagship.report.text import one_line, plain
from tests.builders.release_documents import HOSTILE


@pytest.mark.parametrize("text", HOSTILE)
def test_no_control_character_is_left(text: str) -> None:
    left = plain(text)

    assert all(each.isprintable() or each in "\n\t" for each in left)
    left.encode("utf-8")
    assert one_line(text, 20).isprintable()


def test_lines_are_kept_whatever_ends_them() -> None:
    assert plain("a\r\nb\rc\x0bd\u2028e") == "a\nb\nc\nd\ne"


def test_a_line_is_cut_where_it_is_longer() -> None:
    assert one_line("a  b\n c", 5) == "a b c"
    assert one_line("x" * 10, 5) == "xxxx…"
