"""The text of what is written."""

import tomllib

import pytest
import yaml

from dagship.init import files
from dagship.init.model import Setting


def test_each_setting_has_its_comment_and_is_read_as_it_was_meant() -> None:
    text = files.settings([Setting(name="dags", value='a "b"', why="Why")])

    assert tomllib.loads(text) == {"dags": 'a "b"'}
    assert "\n# Why.\ndags = " in text


def test_lists_of_one_name_are_joined_and_each_says_where_it_is_from() -> None:
    lines = [
        Setting(name="system_packages", value=("git", "a"), why="One"),
        Setting(name="system_packages", value=("b", "git"), why="Two"),
    ]

    text = files.settings(lines)

    assert tomllib.loads(text) == {"system_packages": ["git", "a", "b"]}
    assert "# One; Two.\n" in text


@pytest.mark.parametrize("text", [files.GITHUB, files.GITLAB])
def test_a_workflow_is_yaml_that_builds_and_tests(text: str) -> None:
    assert yaml.safe_load(text)
    assert "dagship build" in text
    assert "dagship test-image --junit report.xml" in text
