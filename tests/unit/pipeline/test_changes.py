"""What a release changes, of the snapshots that are kept here."""

import io
from pathlib import Path

import pytest

from dagship.model.artifacts import Target
from dagship.model.kept_document import KeptDocument
from dagship.pipeline import changes, snapshots
from dagship.pipeline.project import Project
from dagship.record.model import Release
from dagship.settings import Settings
from dagship.terminal.console import Console
from tests.builders.snapshots import given, snapshot, text

OLD, NEW = ("sha256:" + digit * 64 for digit in "12")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(root=tmp_path, settings=Settings(), console=Console(stderr=io.StringIO()))
    old = snapshot({"daily": text(named="daily"), "gone": text(named="gone")}, version="a" * 12)
    new = snapshot({"daily": text(edit=given(max_active_runs=7), named="daily")}, version="b" * 12, commit="c" * 40)
    snapshots.keep(project, old, name=OLD)
    snapshots.keep(project, new, name=NEW)
    return project


def release(version: str = "a" * 12) -> Release:
    return Release(number=6, kind="rollout", image=f"r.example/dags@{OLD}", dag_version=version, when="2026-01-01")


TARGET = Target(image=f"r.example/dags@{NEW}", digest=NEW, dag_version="b" * 12)


def test_what_becomes_other_is_told_of_the_two_releases(project: Project) -> None:
    told = changes.tell(project, [release()], TARGET)

    assert isinstance(told, KeptDocument)
    assert told.since == 6
    assert told.document.verdict.sentence == "1 DAG changes, 1 goes."
    assert told.back == "1 DAG changes, 1 comes."
    assert (told.document.was.given, told.document.now.given) == ("release 6", "release 7")
    assert told.document.now.commit == "c" * 40


def test_a_snapshot_of_another_dag_version_than_is_announced_is_none(project: Project) -> None:
    """A rollback within an image announces an older version that it holds."""
    announced = TARGET.model_copy(update={"dag_version": "a" * 12})

    assert changes.tell(project, [release()], announced) == (
        "what the test of this image saw is not beside it in the registry"
    )
    assert changes.tell(project, [release("d" * 12)], TARGET) == (
        "what the test of release 6 saw is not beside it in the registry"
    )
