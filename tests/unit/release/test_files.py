"""Values files: what is read of them, and what is said of one that is none."""

from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.release import files


def test_files_are_read_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1", "utf-8")
    (tmp_path / "b.yaml").write_text("# nothing\n", "utf-8")

    assert files.read([tmp_path / "a.yaml", tmp_path / "b.yaml"]) == [{"a": 1}, {}]


@pytest.mark.parametrize(
    ("content", "part"),
    [(b"a: [\n", "is no YAML at line 2"), (b"- a\n", "it is a list"), (b"\xff\xfe\xff", "is no"), (b"a: \t\x01", "is no YAML")],
)  # fmt: skip
def test_a_file_that_holds_no_values_is_a_sentence(tmp_path: Path, content: bytes, part: str) -> None:
    (tmp_path / "x.yaml").write_bytes(content)

    with pytest.raises(UsageError, match=part) as refused:
        files.read([tmp_path / "x.yaml"])
    assert "\n" not in refused.value.message


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        files.read([tmp_path / "x.yaml"])


def test_yaml_makes_no_objects(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: !!python/object/apply:os.getcwd []", "utf-8")

    with pytest.raises(UsageError, match="is no YAML"):
        files.read([tmp_path / "x.yaml"])
