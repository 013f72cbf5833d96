"""Where the DAG directory lies in a repository, for paths in a report."""

from pathlib import Path

import pytest

from dagship.pipeline.diff import compare


@pytest.mark.parametrize(("dags", "path"), [("airflow/dags", "airflow/dags"), (".", ".")])
def test_the_dag_directory_is_named_from_the_repositorys_root(dags: str, path: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / dags).mkdir(parents=True, exist_ok=True)

    assert compare.dags_path(tmp_path / dags) == path


def test_it_is_the_root_itself_where_there_is_no_repository(tmp_path: Path) -> None:
    assert compare.dags_path(tmp_path) == "."
