"""Values files: what is read of them, and what is said of one that is none."""

import os
import time
from pathlib import Path

import pytest

from dagship.chart import values_files
from dagship.errors import UsageError


def test_files_are_read_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1", "utf-8")
    (tmp_path / "b.yaml").write_text("# nothing\n", "utf-8")

    assert values_files.read([tmp_path / "a.yaml", tmp_path / "b.yaml"]) == [{"a": 1}, {}]


@pytest.mark.parametrize(
    ("content", "part"),
    [(b"a: [\n", "is no YAML at line 2"), (b"- a\n", "it is a list"), (b"\xff\xfe\xff", "is no"), (b"a: \t\x01", "is no YAML")],
)  # fmt: skip
def test_a_file_that_holds_no_values_is_a_sentence(tmp_path: Path, content: bytes, part: str) -> None:
    (tmp_path / "x.yaml").write_bytes(content)

    with pytest.raises(UsageError, match=part) as refused:
        values_files.read([tmp_path / "x.yaml"])
    assert "\n" not in refused.value.message


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        values_files.read([tmp_path / "x.yaml"])


def test_yaml_makes_no_objects(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: !!python/object/apply:os.getcwd []", "utf-8")

    with pytest.raises(UsageError, match="is no YAML"):
        values_files.read([tmp_path / "x.yaml"])


def test_dates_and_signs_of_equality_are_text_as_they_are_to_helm(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: [=, <<, 2024-02-01, 2024-02-30, 2001-12-14 21:59:43.10 -5]", "utf-8")

    assert values_files.read([tmp_path / "x.yaml"]) == [
        {"a": ["=", "<<", "2024-02-01", "2024-02-30", "2001-12-14 21:59:43.10 -5"]}
    ]


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("content", "part"),
    [(BOMB, "its aliases"), ("a: &a [*a]", "its aliases"), ("a: " + "[" * 5_000, "nests without end"),
     ("a: !!bool x", "not what its tag"), ("# " + "x" * 2_000_000, "more than 2 MB")],
    ids=range(5),
)  # fmt: skip
def test_what_unpacks_without_end_is_a_sentence_at_once(tmp_path: Path, content: str, part: str) -> None:
    (tmp_path / "x.yaml").write_text(content, "utf-8")
    began = time.process_time()

    with pytest.raises(UsageError, match=part):
        values_files.read([tmp_path / "x.yaml"])
    assert time.process_time() - began < 5


def test_a_pipe_is_no_values_file(tmp_path: Path) -> None:
    """It would be empty when Helm reads it, and this one would wait for whoever writes to it."""
    os.mkfifo(tmp_path / "x.yaml")

    with pytest.raises(UsageError, match="no regular file"):
        values_files.read([tmp_path / "x.yaml"])
