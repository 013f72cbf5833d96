"""What a commit lacks although its names are there."""

from pathlib import Path

import pytest

from dagship.inside.versions.check import not_fetched
from dagship.inside.versions.state import Finding, Verdict
from tests.unit.inside.versions.check.test_pointer import POINTER


@pytest.fixture
def commit(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "model.bin").write_bytes(POINTER)
    (tmp_path / "lib" / "link.bin").symlink_to("model.bin")
    (tmp_path / "vendor" / "shared").mkdir(parents=True)
    (tmp_path / "dag.py").write_text("x = 1")
    return tmp_path


def test_an_empty_directory_is_a_submodule_and_a_pointer_a_file_that_lfs_keeps(commit: Path) -> None:
    assert [(one.file, one.error.partition(",")[0]) for one in not_fetched.lacking(str(commit))] == [
        ("lib/model.bin", "It is a pointer of Git LFS"),
        ("vendor/shared", "It is a submodule"),
    ]


def test_what_is_lacking_is_a_note_of_what_passed_and_a_reason_of_what_did_not(commit: Path) -> None:
    earlier = (Finding("dag.py", "KeyError: 'x'"),)
    passed = not_fetched.told(Verdict(passed=True, notes=earlier), str(commit))
    refused = not_fetched.told(Verdict(passed=False, findings=earlier), str(commit))

    assert [(len(one.findings), len(one.notes)) for one in (passed, refused)] == [(0, 3), (3, 0)]
    assert earlier[0] == passed.notes[0] == refused.findings[0]


def test_of_very_many_only_the_first_are_told(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}").mkdir()

    assert len(not_fetched.told(Verdict(passed=False), str(tmp_path)).findings) == 20


def test_what_is_lacking_of_a_version_is_named_as_it_is_in_the_dag_directory_or_beside_it(tmp_path: Path) -> None:
    for name in ("dags/shared", "include/shared"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "dags" / "model.bin").write_bytes(POINTER)

    assert {one.file for one in not_fetched.lacking(str(tmp_path))} == {"shared", "model.bin", "include/shared"}
