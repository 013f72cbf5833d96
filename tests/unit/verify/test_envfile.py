"""The env file of a test: what is read, what is refused, and what of it must never be shown."""

import os
from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.verify import envfile


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "test.env"
    path.write_text(text, encoding="utf-8")
    return path


def test_lines_become_variables(tmp_path: Path) -> None:
    path = written(tmp_path, "# a comment\n\nAIRFLOW_VAR_A=1\nexport AIRFLOW_VAR_B='two words'\nAIRFLOW_VAR_MY-KEY=x\n")

    assert envfile.read(path) == {"AIRFLOW_VAR_A": "1", "AIRFLOW_VAR_B": "two words", "AIRFLOW_VAR_MY-KEY": "x"}


def test_nothing_is_put_into_a_value_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "from this process")

    assert envfile.read(written(tmp_path, "A=${SECRET}/$HOME\n")) == {"A": "${SECRET}/$HOME"}


@pytest.mark.parametrize(
    ("text", "line"), [("hunter2\n", 1), ("A=1\n\nB='hunter2\n", 3), ("A=1\n=hunter2\n", 2), ("A=hunter2\0\n", 1)]
)
def test_a_line_that_is_not_key_and_value_is_refused_by_number_and_not_shown(
    tmp_path: Path, text: str, line: int
) -> None:
    with pytest.raises(UsageError, match=f"Line {line} of the env file") as refused:
        envfile.read(written(tmp_path, text))

    assert "hunter2" not in f"{refused.value.message}{refused.value.hint}{refused.value.detail}"


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin1.env").write_bytes(b"A=\xe9\n")

    with pytest.raises(UsageError, match="No such file"):
        envfile.read(tmp_path / "nothing.env")
    with pytest.raises(UsageError, match="not UTF-8"):
        envfile.read(tmp_path / "latin1.env")
    with pytest.raises(UsageError, match="Is a directory"):
        envfile.read(tmp_path)


@pytest.mark.parametrize("what", ["pipe", "device"])
def test_what_is_waited_for_or_has_no_end_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "test.env"
    os.mkfifo(path) if what == "pipe" else path.symlink_to("/dev/zero")

    with pytest.raises(UsageError, match="no regular file"):
        envfile.read(path)
