"""The sources of a package of the project."""

import io
import tarfile
from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.image.tree import package


def read(root: Path, path: str, *left_out: str) -> bytes:
    return package.read(
        root, path, ignore=("*.log",), left_out=[root / one for one in left_out], max_file_size=1_000_000
    )


def names(archive: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return opened.getnames()


def write(root: Path, *files: str) -> None:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def test_what_builds_leave_is_no_part_of_a_package(tmp_path: Path) -> None:
    write(tmp_path, "libs/ours/setup.py", "libs/ours/src/ours/build/a.py", "libs/ours/src/ours/a.py")
    before = read(tmp_path, "libs/ours")
    write(
        tmp_path / "libs/ours",
        "build/lib/a.py", "dist/ours.whl", "src/ours.egg-info/PKG-INFO", "src/ours/__pycache__/a.pyc", "x.log", ".env",
    )  # fmt: skip

    assert names(before) == ["setup.py", "src/ours/a.py", "src/ours/build/a.py"]
    assert read(tmp_path, "libs/ours") == before


def test_the_project_itself_is_one_without_its_dags_and_its_lock(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "requirements.txt", "ours/a.py", "dags/a.py", "requirements/dags.txt")
    before = read(tmp_path, ".", "dags", "requirements/dags.txt")
    write(
        tmp_path, "dags/b.py", "requirements/pylock.dags.toml", "requirements/dags.constraints.txt", ".dagship/x.json"
    )

    assert names(before) == ["ours/a.py", "pyproject.toml", "requirements.txt"]
    assert read(tmp_path, ".", "dags", "requirements/dags.txt") == before


def test_dags_that_are_the_package_or_lie_around_it_are_in_it(tmp_path: Path) -> None:
    write(tmp_path, "dags/libs/ours/setup.py", "setup.py")

    assert names(read(tmp_path, "dags/libs/ours", "dags")) == ["setup.py"]
    assert names(read(tmp_path, ".", ".")) == ["dags/libs/ours/setup.py", "setup.py"]


def test_the_same_files_are_the_same_archive_and_a_bit_more_is_another(tmp_path: Path) -> None:
    write(tmp_path, "one/setup.py")
    (tmp_path / "two").mkdir()
    (tmp_path / "two/setup.py").write_text("one/setup.py")
    assert read(tmp_path, "one") == read(tmp_path, "two")

    (tmp_path / "two/setup.py").chmod(0o755)
    assert read(tmp_path, "one") != read(tmp_path, "two")


def test_a_package_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "ours/only.log")

    with pytest.raises(UsageError, match="All files of the package ours are left out"):
        read(tmp_path, "ours")


@pytest.mark.parametrize(
    ("path", "says"), [("../x", "lies out of the project"), ("absent", "is not there"), ("ours", "leads outside")]
)
def test_what_lies_elsewhere_is_not_read(tmp_path: Path, path: str, says: str) -> None:
    root = tmp_path / "project"
    write(root, "ours/setup.py")
    (root / "ours/link").symlink_to(tmp_path)

    with pytest.raises(UsageError, match=says):
        read(root, path)
