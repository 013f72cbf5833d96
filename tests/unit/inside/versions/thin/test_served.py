"""What a dag-processor writes of what it serves, and what is read of it."""

from pathlib import Path

import pytest

from dagship.inside.versions.thin import served
from dagship.inside.versions.thin.served import Served


@pytest.mark.parametrize("files", [None, (), ("a.py",)])
def test_what_is_written_is_read(tmp_path: Path, files: "tuple[str, ...] | None") -> None:
    one = Served("dags-folder", "abc", serial=3, since="2026-11-29T00:00:00Z", files=files, left=1, failed=("a.py",))
    served.write(str(tmp_path / "new"), one)

    assert served.read(str(tmp_path / "new")) == one


def test_what_is_not_there_or_broken_is_none(tmp_path: Path) -> None:
    assert served.read(str(tmp_path)) is None
    for text in ("", "[]", "{}", '{"files": 1}', '{"files": null, "other": 1}'):
        (tmp_path / served.NAME).write_text(text)
        assert served.read(str(tmp_path)) is None


def test_a_storage_that_cannot_be_written_is_none_of_its_troubles(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    served.write(str(tmp_path / "file"), Served("abc"))

    assert served.read(str(tmp_path / "file")) is None
