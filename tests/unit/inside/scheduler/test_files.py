"""The files of a DAG version, as they are told from a pod and as a checkout is read."""

from pathlib import Path

import pytest

from dagship.inside.scheduler import files


def test_each_file_has_its_digest_from_the_dag_directory_on(tmp_path: Path) -> None:
    for place in ("dags/a.py", "dags/sub/run.sh", "lib/b.py"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("x", encoding="utf-8")
    (tmp_path / "dags/sub/run.sh").chmod(0o755)
    (tmp_path / "project").symlink_to("dags")
    digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"

    assert files.digests(str(tmp_path)) == {
        "a.py": f"-{digest}", "sub/run.sh": f"x{digest}", "../lib/b.py": f"-{digest}",
    }  # fmt: skip


def test_a_version_that_is_not_there_has_no_files_and_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.digests(str(tmp_path / "none"))
