"""Descriptions of the settings, on their own and as the help of flags."""

import pytest

from dagship.model.descriptions import DESCRIPTIONS, Description
from dagship.settings import Settings


def test_every_setting_has_a_description_and_its_default_from_there() -> None:
    fields = Settings.model_fields

    assert list(DESCRIPTIONS) == list(fields)
    assert [(one.default, one.text) for one in DESCRIPTIONS.values()] == [
        (field.default, field.description) for field in fields.values()
    ]


@pytest.mark.parametrize(
    ("described", "text", "shown"),
    [
        (Description(600.0, "Limit, seconds"), "Limit, seconds", "Limit, seconds (default: 600)"),
        (
            Description("", "Builder", "the current one"),
            "Builder; empty for the current one",
            "Builder (default: the current one)",
        ),
        (Description((), "Files", commas=True), "Files", "Files (several with commas)"),
        (
            Description((), "Platforms", "the engine's own", commas=True),
            "Platforms; empty for the engine's own",
            "Platforms (several with commas; default: the engine's own)",
        ),
        (Description(default=False, what="Warnings fail"), "Warnings fail", "Warnings fail"),
        (Description(None, "File"), "File", "File"),
    ],
)
def test_help_says_the_default_and_how_several_are_given(described: Description, text: str, shown: str) -> None:
    assert (text, shown) == (described.text, described.help)
