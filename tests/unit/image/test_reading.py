"""A DAG version is read from a project: its directory of DAGs, and what is beside it."""

from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.image import reading
from dagship.image.tree.model import Tree
from dagship.settings_sources import load
from tests.builders.dag_directory import DAG


def read(root: Path, *, finished: bool = True) -> Tree:
    settings = load(root, {"env_file": "dags/test.env", "ignore": "*.csv"})
    return reading.read(root, settings, dags=Path("dags"), include=(Path("lib"),), finished=finished)


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(DAG if name == "dags/a.py" else "")


def test_what_settings_leave_out_and_files_with_secrets_are_not_in_it(tmp_path: Path) -> None:
    write(tmp_path, "dags/a.py", "dags/test.env", "dags/b.csv", "lib/c.py", "lib/d.csv")

    assert ["../lib/c.py", "a.py"] == [file.path for file in read(tmp_path).files]


def test_the_file_with_secrets_is_the_projects_wherever_the_task_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "dags/a.py", "dags/test.env", "lib/c.py")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    assert ["../lib/c.py", "a.py"] == [file.path for file in read(tmp_path).files]


def test_dags_may_be_lacking_where_commands_are_about_to_make_them(tmp_path: Path) -> None:
    write(tmp_path, "dags/names.txt", "lib/c.py")

    assert ["../lib/c.py", "names.txt"] == [file.path for file in read(tmp_path, finished=False).files]
    with pytest.raises(UsageError, match="can hold a DAG"):
        read(tmp_path)
