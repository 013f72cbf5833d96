"""The test of a thin image imports what an edit concerns, and comes to what the test of all its files comes to."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from dagship import process
from dagship.image import builder
from dagship.model.artifacts import BaseImage, BuiltImage
from dagship.model.snapshot import Snapshot
from dagship.model.thin import Receiver
from dagship.model.verify_report import VerifyReport
from dagship.pipeline import snapshots, stages
from dagship.settings import Settings
from dagship.terminal.console import Console
from dagship.verify import verifier
from dagship.workspace import Workspace
from tests.engine.lines import Line
from tests.engine.thin_images import pinned, planned

DAG = "import pendulum\n{more}\nfrom airflow.sdk import DAG\n\nwith DAG({dag_id!r}, schedule=None):\n    pass\n"
OLD = "import warnings\n\nwarnings.warn('it is old', DeprecationWarning)\n"


class Edited(NamedTuple):
    """An image of an edit, with the report of its test and what that keeps, and the same where all is imported."""

    line: Line
    image: BuiltImage
    report: VerifyReport
    whole: VerifyReport
    kept: Snapshot
    all_of_it: Snapshot


def write(line: Line, **files: str) -> None:
    for name, text in files.items():
        (line.dags / f"{name}.py").write_text(text)


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory, base_3: BaseImage, registry: str) -> Iterator[Edited]:
    """Of six files one is edited, two import what is edited, and one has a finding: two stay as they are."""
    line = Line(tmp_path_factory.mktemp("kept"), base_3, repository=f"{registry}/dagship-test/kept")
    write(
        line,
        edits=DAG.format(more="", dag_id="edits"),
        imports=DAG.format(more="from helper import WORD", dag_id="imports"),
        warns=DAG.format(more=OLD, dag_id="warns"),
        stays=DAG.format(more="", dag_id="stays"),
        catches=DAG.format(more="try:\n    import opt\nexcept ImportError:\n    opt = None", dag_id="catches"),
        helper="WORD = 1\n",
        opt="import nowhere_to_be_found\n",
    )
    running = line.build("A")
    assert all(file.imported for file in stages.test_image(line.project, image="", pytest_path=None).files)
    onto = pinned(stages.push(line.project, image="", untested=False))
    write(line, edits=DAG.format(more="", dag_id="stays"), helper="OTHER = 1\n", opt="1 / 0\n")
    plan = planned(line, base_3, Receiver(onto=onto))
    assert plan is not None, line.output.getvalue()
    image = builder.build(line.settings, line.project.console, plan, revision={}, push=False, fresh=False)
    line.project.workspace.write("image", image)
    report = stages.test_image(line.project, image="", pytest_path=None)
    kept = snapshots.known(line.project, image.id)
    taken: list[Snapshot] = []
    whole = verifier.verify(
        line.settings, line.project.workspace, line.project.console, image, keep=taken.append
    )  # fmt: skip
    assert kept is not None
    yield Edited(line, image, report, whole, kept, taken[0])
    process.run(["docker", "image", "rm", "--force", image.reference, running.reference])


def test_what_an_edit_concerns_is_imported_and_what_something_was_found_in(edited: Edited) -> None:
    assert {file.file: file.imported for file in edited.report.files} == {
        "catches.py": True, "edits.py": True, "imports.py": True, "pinned.py": False, "stays.py": False, "warns.py": True,
    }  # fmt: skip
    assert all(file.imported for file in edited.whole.files)


def test_the_verdict_is_that_of_the_whole(edited: Edited) -> None:
    report, whole = edited.report, edited.whole

    assert not report.passed
    assert {(found.kind, found.file) for found in report.findings} == {
        ("deprecation", "warns.py"), ("import-error", "catches.py"), ("duplicate-dag-id", "stays.py"), ("import-error", "imports.py"),
    }  # fmt: skip
    assert report.findings == whole.findings
    assert [(file.file, file.dags) for file in report.files] == [(file.file, file.dags) for file in whole.files]


def test_what_is_kept_for_the_next_is_what_the_whole_has(edited: Edited) -> None:
    def timeless(one: Snapshot) -> Snapshot:
        files = tuple(file.model_copy(update={"seconds": 0.0}) for file in one.files)
        return one.model_copy(update={"files": files})

    assert edited.kept.how
    for name in Snapshot.model_fields:
        assert getattr(timeless(edited.kept), name) == getattr(timeless(edited.all_of_it), name), name


def test_with_variables_of_the_users_all_is_imported(edited: Edited, tmp_path: Path) -> None:
    (tmp_path / "test.env").write_text("AIRFLOW_VAR_REGION=x\n")
    before = edited.kept.model_copy(update={"findings": ()})
    settings = edited.line.settings.model_copy(update={"env_file": tmp_path / "test.env"})
    report = verifier.verify(
        settings, edited.line.project.workspace, edited.line.project.console, edited.image, before=before
    )

    assert all(file.imported for file in report.files)


def test_where_nothing_changed_no_file_is_imported_and_the_test_passes(
    image_of: Callable[..., BuiltImage], settings_for: Callable[..., Settings], workspace: Workspace, base_3: BaseImage
) -> None:
    image, settings, console = (
        image_of(base_3, {"one.py": DAG.format(more="", dag_id="one")}),
        settings_for(),
        Console(),
    )
    taken: list[Snapshot] = []
    first = verifier.verify(settings, workspace, console, image, keep=taken.append)
    again = verifier.verify(settings, workspace, console, image, before=taken[0])

    assert [file.imported for file in (*first.files, *again.files)] == [True, False]
    assert (again.passed, again.dags) == (True, {"one": "one.py"})
