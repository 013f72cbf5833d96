"""Files that others may have laid are read within limits."""

import os
from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.model.artifacts import BuiltBase
from dagship.settings_sources import load
from dagship.untrusted import files
from dagship.workspace import Workspace


def test_a_file_is_read_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")

    assert files.read(tmp_path / "a", limit=5) == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes"):
        files.read(tmp_path / "a", limit=4)


def laid(place: Path, what: str) -> Path:
    """Lays something in the place of a file that cannot be read to its end."""
    place.parent.mkdir(exist_ok=True)
    match what:
        case "pipe":
            os.mkfifo(place)
        case "device":
            place.symlink_to("/dev/zero")
        case "directory":
            place.mkdir()
        case _:
            with place.open("wb") as file:
                file.truncate(10**13)
    return place


KINDS = ("pipe", "device", "directory", "file without end")


@pytest.mark.parametrize("what", KINDS)
def test_what_is_no_file_with_an_end_is_not_read(tmp_path: Path, what: str) -> None:
    with pytest.raises(OSError, match=r"regular file|more than|Is a directory"):
        files.read(laid(tmp_path / "a", what))


@pytest.mark.parametrize("what", KINDS)
@pytest.mark.parametrize("name", ["dagship.toml", "pyproject.toml"])
def test_settings_that_are_no_file_are_one_sentence(tmp_path: Path, name: str, what: str) -> None:
    path = laid(tmp_path / name, what)

    with pytest.raises(UsageError, match=f"{path} cannot be read: "):
        load(tmp_path, {})


@pytest.mark.parametrize("what", KINDS)
def test_what_an_earlier_task_left_and_is_no_file_is_one_sentence(tmp_path: Path, what: str) -> None:
    laid(tmp_path / ".dagship" / "base.json", what)

    with pytest.raises(UsageError, match=r"cannot be read as what an earlier task wrote|base\.json is a link"):
        Workspace(tmp_path).read("base", BuiltBase)
