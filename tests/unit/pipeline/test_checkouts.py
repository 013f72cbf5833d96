"""A checkout that is compared with what is served."""

import hashlib
from pathlib import Path

import pytest

from dagship import settings_sources
from dagship.errors import UsageError
from dagship.pipeline import checkouts
from dagship.pipeline.project import Project
from dagship.terminal.console import Console

DAG = "import airflow\n"


def project(root: Path, **flags: str) -> Project:
    return Project(root=root, settings=settings_sources.load(root, flags), console=Console())


def test_it_is_read_where_the_settings_of_the_project_say(tmp_path: Path) -> None:
    (tmp_path / "other/flows").mkdir(parents=True)
    (tmp_path / "other/flows/a.py").write_text(DAG, encoding="utf-8")
    found = checkouts.read(project(tmp_path, dags="flows"), str(tmp_path / "other"))

    assert found.place == str(tmp_path / "other")
    assert found.files == {"a.py": f"-{hashlib.sha256(DAG.encode()).hexdigest()}"}
    assert len(found.version) == 12


def test_what_commands_are_to_make_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="before the commands of the setting prepare have run"):
        checkouts.read(project(tmp_path, prepare='[["dbt", "parse"]]'), str(tmp_path))


def test_a_directory_without_dags_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        checkouts.read(project(tmp_path), str(tmp_path))
