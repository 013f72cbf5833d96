"""DAG directories that the tests of images share."""

from pathlib import Path

import pytest

from dagship.image.tree import reader
from dagship.image.tree.model import Tree
from tests.builders.dag_directory import DAG


@pytest.fixture
def dags(tmp_path: Path) -> Path:
    root = tmp_path / "dags"
    (root / "helpers").mkdir(parents=True)
    (root / "a.py").write_text(DAG)
    (root / "helpers" / "b.py").write_text("x = 1\n")
    return root


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "a.py").write_text("import airflow\n")
    return reader.read(tmp_path, ignore=(), max_file_size=100)
