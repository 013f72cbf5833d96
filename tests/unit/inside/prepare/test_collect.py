"""What commands left: files and links as they are, and no more than may be."""

import os
import tarfile
from pathlib import Path

import pytest

from dagship.inside.prepare import collect


@pytest.fixture
def left(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "dags" / "empty").mkdir(parents=True)
    (root / "dags" / "a.py").write_text("A = 1\n")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "dags" / "all").symlink_to("..")
    return root


def pack(root: Path, *, most_bytes: int = 1000, most_files: int = 100) -> dict[str, tarfile.TarInfo]:
    target = root.parent / "project.tar"
    collect.pack(str(root), str(target), most_bytes=most_bytes, most_files=most_files)
    with tarfile.open(target) as archive:
        return {member.name: member for member in archive}


def test_files_and_links_are_taken_as_they_are_and_no_link_is_followed(left: Path) -> None:
    found = pack(left)

    assert {"dags/a.py": 0o644, "run.sh": 0o755} == {name: each.mode for name, each in found.items() if each.isreg()}
    assert {"dags/all": ".."} == {name: each.linkname for name, each in found.items() if each.issym()}
    assert len(found) == 3


def test_two_names_of_one_file_are_two_files(left: Path) -> None:
    os.link(left / "run.sh", left / "again.sh")

    assert pack(left)["run.sh"].size == pack(left)["again.sh"].size == len("#!/bin/sh\n")


def test_more_than_may_be_is_refused_before_it_is_read(left: Path) -> None:
    with (left / "holes").open("wb") as file:
        file.truncate(1 << 40)

    with pytest.raises(collect.Wrong, match="large"):
        pack(left)
    with pytest.raises(collect.Wrong, match="many"):
        pack(left, most_bytes=1 << 41, most_files=5)


def test_what_is_no_file_is_refused_by_its_name(left: Path) -> None:
    os.mkfifo(left / "dags" / "pipe")

    with pytest.raises(collect.Wrong, match="special") as refused:
        pack(left)
    assert refused.value.path == "dags/pipe"


def test_a_name_that_is_no_text_is_kept(left: Path) -> None:
    (left / os.fsdecode(b"\xff.py")).touch()

    assert os.fsdecode(b"\xff.py") in pack(left)
