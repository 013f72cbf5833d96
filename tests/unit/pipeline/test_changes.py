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

OLD, NEW, EDITED = ("sha256:" + digit * 64 for digit in "123")


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


def test_the_dag_files_that_a_release_affects_are_known_where_the_last_one_is_served(project: Project) -> None:
    edited = snapshot({"daily": text(), "gone": text()}, version="c" * 12, tree={"daily.py": "2", "gone.py": "1"})
    snapshots.keep(project, edited, name=EDITED)
    target = Target(image=f"r.example/dags@{EDITED}", digest=EDITED, dag_version="c" * 12)

    assert changes.affected(project, [release()], target, "a" * 12) == ("daily.py",)
    assert changes.affected(project, [release()], TARGET, "a" * 12) == ()  # one that goes is affected in no other way
    assert changes.affected(project, [release()], target, "d" * 12) is None
    assert changes.affected(project, [release()], target, "") is None
    assert changes.affected(project, [], target, "a" * 12) is None
    assert changes.affected(project, [release("d" * 12)], target, "d" * 12) is None


def test_a_snapshot_of_another_dag_version_than_is_announced_is_none(project: Project) -> None:
    """A rollback within an image announces an older version that it holds."""
    announced = TARGET.model_copy(update={"dag_version": "a" * 12})

    assert changes.tell(project, [release()], announced) == (
        "what the test of this image saw is not beside it in the registry"
    )
    assert changes.tell(project, [release("d" * 12)], TARGET) == (
        "what the test of release 6 saw is not beside it in the registry"
    )
