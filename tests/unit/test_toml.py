"""Text as TOML has it."""

import tomllib

import pytest

from dagship import toml


@pytest.mark.parametrize("text", ["", "dags", 'a "b" \\ c', "a\nb = 1\t\x7f", "ä/日本"])
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    assert tomllib.loads(f"key = {toml.quoted(text)}") == {"key": text}


def test_a_comment_stays_a_comment() -> None:
    assert tomllib.loads(f"# {toml.in_a_line(chr(0) + 'of a' + chr(10) + 'b = 1' + chr(13) + chr(127))}") == {}
