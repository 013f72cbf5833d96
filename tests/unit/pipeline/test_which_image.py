"""Which image a task is about, as far as that is known without an engine or a registry."""

from pathlib import Path

import pytest

from dagship import settings_sources
from dagship.errors import UsageError
from dagship.model.artifacts import BuiltImage
from dagship.model.verify_report import CheckedFile, VerifyReport
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


def test_an_image_that_no_registry_has_is_rolled_out_by_its_tag_and_another_by_its_digest() -> None:
    built = BuiltImage(
        reference="registry.example/team/airflow:1-2", id="sha256:0", digest="", dag_version="a" * 12,
        airflow="3.3.2", base="b", platforms=("linux/amd64",), size=0, layers=(), seconds={}, reused=False,
    )  # fmt: skip
    report = VerifyReport(
        image=built.reference, id=built.id, passed=True, airflow="3.3.2", python="3.11.2", findings=(), seconds=1.0,
        files=(CheckedFile(file="sales.py", seconds=0.1, dags=("sales",)),),
    )  # fmt: skip
    here, there = (
        which_image.unpushed(built.model_copy(update={"digest": digest}), report)
        for digest in ("", f"sha256:{'c' * 64}")
    )

    assert (here.image, here.digest, here.is_to_come) == (built.reference, "", True)
    assert (there.image, there.is_to_come) == (f"registry.example/team/airflow@sha256:{'c' * 64}", False)
    assert (here.dag_version, here.airflow, here.platforms) == ("a" * 12, "3.3.2", ("linux/amd64",))
    assert here.dags == {"sales": "sales.py"}
    assert which_image.unpushed(built, None).dags == {}
