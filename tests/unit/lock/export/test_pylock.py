"""Exact versions as a lock of PEP 751. `FOUND` is what uv wrote, but for the hashes."""

import tomllib
from pathlib import Path

import pytest

from dagship.errors import OutsideError
from dagship.lock import freshness, sources
from dagship.lock.export.pylock import compose
from dagship.settings import Settings
from tests.builders.locks import BASE, A, B

FILES = "https://files.example/packages"
FOUND = f"""\
lock-version = "1.0"
created-by = "uv"
requires-python = ">=3.11"

[[packages]]
name = "pandas"
version = "2.2.3"
index = "https://me:secret@index.example/simple"
wheels = [
    {{ url = "https://me:secret@files.example/packages/pandas-2.2.3-cp311-cp311-manylinux_2_17_x86_64.whl", \
upload-time = 2024-09-20T13:08:42Z, size = 13, hashes = {{ sha256 = "{"a" * 64}" }} }},
    {{ url = "{FILES}/pandas-2.2.3-cp311-cp311-macosx_11_0_arm64.whl", hashes = {{ sha256 = "{"b" * 64}" }} }},
    {{ url = "{FILES}/pandas-2.2.3-cp312-cp312-win_amd64.whl", hashes = {{ sha256 = "{"c" * 64}" }} }},
]

[[packages]]
name = "six"
version = "1.17.0"
wheels = [{{ url = "{FILES}/six-1.17.0-py2.py3-none-any.whl", hashes = {{ sha256 = "{"d" * 64}" }} }}]
"""
OF_A_DIRECTORY = f"""\
lock-version = "1.0"
created-by = "uv"

[[packages]]
name = "ours"
version = "1"
wheels = [{{ url = "file:///opt/wheels/ours-1-py3-none-any.whl", hashes = {{ sha256 = "{"e" * 64}" }} }}]
"""
VERSIONS = {"pandas": "2.2.3", "six": "1.17.0", "ours": "1", "of-debian": "1"}


def test_what_is_written_is_read_as_the_same_versions(tmp_path: Path) -> None:
    text, _ = compose([FOUND], VERSIONS, {}, BASE)
    path = tmp_path / "pylock.dags.toml"
    path.write_text(text)

    there = freshness.environment(BASE.python_version, BASE.platform)
    read = sources.read(Settings(), tmp_path, path, path.name, there)

    assert read.preferences == {"pandas": "2.2.3", "six": "1.17.0"}
    assert tomllib.loads(text)["requires-python"] == "==3.11.*"


def test_files_of_a_package_that_is_locked_are_those_that_the_lock_takes() -> None:
    text, _ = compose([FOUND], VERSIONS, {"pandas": (A, B)}, BASE)

    pandas, six = tomllib.loads(text)["packages"]
    assert [f"sha256:{wheel['hashes']['sha256']}" for wheel in pandas["wheels"]] == [A, B]
    assert len(six["wheels"]) == 1


def test_credentials_of_the_index_are_not_written() -> None:
    text, _ = compose([FOUND], VERSIONS, {}, BASE)

    assert "secret" not in text
    assert f'"{FILES}/pandas-2.2.3-cp311-cp311-manylinux_2_17_x86_64.whl"' in text


def test_what_no_index_has_is_left_out_by_name() -> None:
    text, lacking = compose([FOUND, OF_A_DIRECTORY], VERSIONS, {"six": (A,)}, BASE)

    assert lacking == ("of-debian", "ours", "six")
    assert [one["name"] for one in tomllib.loads(text)["packages"]] == ["pandas"]


@pytest.mark.parametrize("document", ["", "[[", "packages = 1", f"x = {'[' * 100_000}", FOUND.replace("2.2.3", "?")])
def test_a_document_that_is_none_is_one_sentence(document: str) -> None:
    with pytest.raises(OutsideError, match="left no result"):
        compose([document], VERSIONS, {}, BASE)
