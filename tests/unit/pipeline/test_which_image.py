"""Which image a task is about, as far as that is known without an engine or a registry."""

from pathlib import Path

import pytest

from dagship import settings_sources
from dagship.errors import UsageError
from dagship.pipeline import which_image
from dagship.pipeline.project import Project
from dagship.terminal.console import Console


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(root=tmp_path, settings=settings_sources.load(tmp_path, {}), console=Console())


def test_without_a_build_and_a_name_there_is_no_image(project: Project) -> None:
    with pytest.raises(UsageError, match="There is no image yet"):
        which_image.current(project, "")


def test_without_a_push_and_a_name_there_is_nothing_to_roll_out(project: Project) -> None:
    with pytest.raises(UsageError, match="Nothing was pushed yet"):
        which_image.target(project, image="")


def test_a_repository_alone_names_no_image(project: Project) -> None:
    for find in (which_image.current, lambda project, image: which_image.target(project, image=image)):
        with pytest.raises(UsageError, match="names neither a tag nor a digest"):
            find(project, "registry.example/team/airflow")
