"""What is taken for a pointer of Git LFS: the form that its specification gives, and nothing that only begins so."""

import pytest

from dagship.inside.versions.check.pointer import LONGEST, is_pointer

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d7a" * 16 + b"\nsize 12345\n"


def test_a_pointer_is_told_by_its_first_line_and_its_digest() -> None:
    assert is_pointer(POINTER)


@pytest.mark.parametrize(
    "content", [b"", b"# " + POINTER, POINTER.splitlines(keepends=True)[0], POINTER + b"#" * LONGEST]
)
def test_a_file_that_only_speaks_of_one_is_none(content: bytes) -> None:
    assert not is_pointer(content)
