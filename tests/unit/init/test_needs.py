"""What the DAGs need."""

import pytest

from dagship.init import needs
from tests.builders.listings import listing


@pytest.mark.parametrize(
    "path", ["requirements.txt", "requirements.in", "requirements/requirements.txt", "src/requirements.txt",
             "src/dags/requirements.txt"]
)  # fmt: skip
def test_a_file_of_requirements_becomes_a_setting(path: str) -> None:
    found = needs.find(listing({path: ""}), "src/dags")

    assert [(one.name, one.value) for one in found.seen.settings] == [("requirements", path)]
    assert not found.text


@pytest.mark.parametrize("path", ["requirements/dags.in", "requirements/dags.txt"])
def test_dagships_own_place_needs_no_setting(path: str) -> None:
    found = needs.find(listing({path: "", "requirements.txt": ""}), "dags")

    assert not found.seen.settings
    assert found.source == path


def test_where_there_is_none_one_is_to_be_written_that_asks_for_nothing() -> None:
    found = needs.find(listing({}), "dags")

    assert found.source == "requirements/dags.in"
    assert all(line.startswith("#") for line in found.text.splitlines())


PROJECT = "[project]\ndependencies = ['pandas']\n"
POETRY = "[tool.poetry.dependencies]\npandas = '^2'\n"


@pytest.mark.parametrize(
    ("files", "source"),
    [
        ({"pyproject.toml": PROJECT}, "pyproject.toml"),
        ({"pyproject.toml": PROJECT, "uv.lock": ""}, "uv.lock"),
        ({"pyproject.toml": POETRY, "poetry.lock": ""}, "poetry.lock"),
        ({"pyproject.toml": PROJECT, "pdm.lock": ""}, "pyproject.toml"),
        ({"pylock.toml": ""}, "pylock.toml"),
        ({"pyproject.toml": "[tool.ruff]\nline-length = 1", "uv.lock": ""}, "requirements/dags.in"),
        ({"pyproject.toml": "no toml ["}, "requirements/dags.in"),
        ({"pyproject.toml": "tool = 3\nproject = 4"}, "requirements/dags.in"),
    ],
)
def test_a_project_with_dependencies_is_taken_by_its_lock_where_there_is_one(
    files: dict[str, str], source: str
) -> None:
    assert needs.find(listing(files), "dags").source == source


def test_of_several_the_one_that_pip_reads_is_taken_and_the_other_is_said() -> None:
    found = needs.find(listing({"requirements.txt": "", "pyproject.toml": PROJECT}), "dags")

    assert found.seen.saw == ("Requirements: requirements.txt; pyproject.toml is there too, and not read.",)
