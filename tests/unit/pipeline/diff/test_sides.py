"""The image that `build` left as one of the two versions, and the directory that has changed since."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagship.image import reading
from dagship.model.artifacts import BuiltImage
from dagship.pipeline import snapshots
from dagship.pipeline.diff import sides
from dagship.pipeline.project import Project
from dagship.settings import Settings
from dagship.terminal.console import Console
from tests.builders.snapshots import snapshot

Said = Callable[..., str]


@pytest.fixture
def said(tmp_path: Path) -> Said:
    """Leaves an image of the DAG directory, edits that, and returns what people are told when the image is found."""
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "daily.py").write_text("from airflow.sdk import DAG\n")
    version = reading.read(tmp_path, Settings(), dags=Path("dags"), include=()).version

    def of(edit: str = "", **given: Any) -> str:
        stderr = io.StringIO()
        project = Project(root=tmp_path, settings=Settings(**given), console=Console(stderr=stderr))
        seen = snapshot({}, version=version)
        snapshots.keep(project, seen)
        image = BuiltImage(
            reference="r.example/dags:1", id=seen.id, digest="", dag_version=version, airflow="3.3.2", base="",
            platforms=(), size=0, layers=(), seconds={}, reused=False,
        )  # fmt: skip
        project.workspace.write("image", image)
        if edit:
            (dags / "daily.py").write_text(edit)
        assert sides.built(project).side.dag_version == version
        return stderr.getvalue()

    return of


def test_an_image_of_the_directory_as_it_is_is_found_without_a_word(said: Said) -> None:
    assert said() == ""


def test_an_edit_since_is_said(said: Said) -> None:
    text = said("from airflow.sdk import DAG, task\n")

    assert text.startswith("warning: The image that build left is of DAG version ")
    assert "Run build and test-image first" in text


def test_nothing_is_said_where_the_directory_alone_does_not_tell(said: Said) -> None:
    """Commands make other files of it, or it is not the one that the image was built of."""
    edit = "from airflow.sdk import DAG, task\n"

    assert said(edit, prepare=[["dbt", "parse"]]) == ""
    assert said(edit, dags=Path("elsewhere")) == ""
