"""Which files belong together; what is said of those that are not there stands in test_locker."""

from pathlib import Path

import pytest

from dagship.lock import given


@pytest.mark.parametrize(
    ("there", "named", "source", "lock_of_it"),
    [
        ((), "dags.txt", "dags.in", "dags.txt"),
        (("dags.in", "dags.txt"), "dags.txt", "dags.in", "dags.txt"),
        (("dags.in",), "dags.in", "dags.in", "dags.txt"),
        (("requirements.txt",), "requirements.txt", "requirements.txt", "requirements.lock.txt"),
        (("pyproject.toml",), "pyproject.toml", "pyproject.toml", "pyproject.lock.txt"),
        (("uv.lock",), "uv.lock", "uv.lock", "uv.lock.txt"),
    ],
)
def test_a_source_has_its_lock_beside_it(
    tmp_path: Path, there: tuple[str, ...], named: str, source: str, lock_of_it: str
) -> None:
    for name in there:
        (tmp_path / name).touch()

    assert given.source_and_lock(tmp_path / named) == (tmp_path / source, tmp_path / lock_of_it)
