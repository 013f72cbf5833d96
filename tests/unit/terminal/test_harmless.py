"""What text from outside cannot do where it is printed."""

import pytest

from dagship.terminal.harmless import document, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", ": :error::x"),
        ("a\n  ::add-mask::x", "a\n  : :add-mask::x"),
        ("a ##[group]x", "a # #[group]x"),
        ("##vso[task.setvariable variable=a]x", "# #vso[task.setvariable variable=a]x"),
        ("std::string", "std::string"),
        ("## [1.0] notes", "## [1.0] notes"),
        ("[::1]:80", "[::1]:80"),
    ],
)
def test_nothing_from_outside_is_a_command_to_a_ci_system(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_lines_and_tabs_stay() -> None:
    assert printable("a\n\tb") == "a\n\tb"


def test_json_without_a_command_stays_as_it_is() -> None:
    assert document('{"a": "## [1.0] ::b"}') == '{"a": "## [1.0] ::b"}'
