"""The text of what is written."""

import tomllib
from pathlib import Path

import pytest
import yaml

from dagship.init import files
from dagship.init.model import Setting
from dagship.report.destinations import Ci, by_themselves


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
    (job,) = yaml.safe_load(text).get("jobs", {"": yaml.safe_load(text).get("image-of-dags")}).values()
    lines = [step["run"] for step in job["steps"] if "run" in step] if "steps" in job else job["script"]
    assert [line for line in lines if line.startswith("dagship")] == ["dagship build", "dagship test-image"]


def test_what_the_test_reports_by_itself_is_kept() -> None:
    kept = [step["with"] for step in yaml.safe_load(files.GITHUB)["jobs"]["image"]["steps"] if "with" in step]
    assert {"name": "reports", "path": ".dagship/reports", "include-hidden-files": True} in kept
    artifacts = yaml.safe_load(files.GITLAB)["image-of-dags"]["artifacts"]
    written = by_themselves(Ci("gitlab"), ("junit", "code_quality"), Path(".dagship/reports"), "test-image")
    assert artifacts["paths"] == [".dagship/reports"]
    assert {*artifacts["reports"].values()} == {*map(str, written.values())}
