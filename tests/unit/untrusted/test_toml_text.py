"""TOML that somebody wrote."""

import pytest

from dagship.errors import UsageError
from dagship.untrusted import toml_text


def test_a_document_is_read() -> None:
    assert toml_text.document('[project]\nname = "x"\n', "pyproject.toml") == {"project": {"name": "x"}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not toml [", "at line 1, column 5"),
        ("a = " + "[" * 100_000, "brackets are nested too deep in it"),
        ('a = "\x1b[31m"', "Illegal character"),
        ('x = {"https://ann:secret@host" = 1, "https://ann:secret@host" = 2}', "Duplicate inline table key"),
    ],
)
def test_what_is_none_is_told_in_one_line_without_escapes(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=r"^pyproject.toml cannot be read as TOML: ") as caught:
        toml_text.document(text, "pyproject.toml")

    assert says in caught.value.message
    assert caught.value.message.isprintable()
    assert "secret" not in caught.value.message
