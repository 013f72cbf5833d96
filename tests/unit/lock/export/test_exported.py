"""Kinds and names of what is exported."""

from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.lock.export.exported import KINDS, beside, check_own, header, is_of_lock


def test_what_was_exported_is_written_over_and_what_somebody_wrote_is_not() -> None:
    for kind in KINDS:
        check_own(header(kind, "airflow:3"), "a file")

    with pytest.raises(UsageError, match=r"dags\.base\.txt is there and was not exported"):
        check_own("six==1\n", "dags.base.txt")


def test_only_what_is_known_is_exported() -> None:
    assert {kind: is_of_lock(kind) for kind in KINDS} == {"base": False, "constraints": True, "pylock": True}
    with pytest.raises(UsageError, match="'conda' is nothing that lock exports") as caught:
        is_of_lock("conda")
    assert caught.value.hint == "Give --export base, constraints or pylock."


@pytest.mark.parametrize(
    ("lock", "kind", "written"),
    [
        ("requirements/dags.txt", "base", "requirements/dags.base.txt"),
        ("requirements/dags.txt", "pylock", "requirements/pylock.dags.toml"),
        ("requirements.lock.txt", "pylock", "pylock.requirements.toml"),
        ("uv.lock.txt", "pylock", "pylock.uv.toml"),
        ("pylock.lock.txt", "pylock", "pylock.pylock.toml"),
        ("pylock.dags.lock.txt", "pylock", "pylock.pylock-dags.toml"),
    ],
)
def test_an_export_is_named_after_its_lock_and_is_no_source_of_one(lock: str, kind: str, written: str) -> None:
    assert beside(Path(lock), kind) == Path(written)
