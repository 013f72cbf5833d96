"""A DAG directory, read as a build reads it."""

from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.image.tree import reader
from dagship.image.tree.model import Tree

DAG = "from airflow import DAG\n"
LIMIT = 1000


def read(dags: Path, *ignore: str) -> Tree:
    return reader.read(dags, ignore=ignore, max_file_size=LIMIT)


def refusal(dags: Path) -> str:
    with pytest.raises(UsageError) as refused:
        read(dags)
    assert "\n" not in refused.value.message
    return refused.value.message
