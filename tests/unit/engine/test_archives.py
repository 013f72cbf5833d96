"""Archives of a single file that come out of a container, and of directories and links that go in."""

import io
import tarfile
from collections.abc import Iterator

import pytest

from dagship.engine import archives


def archive(kind: bytes = tarfile.REGTYPE, content: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        member = tarfile.TarInfo("report.json")
        member.type, member.size, member.linkname = kind, len(content), "/etc/passwd"
        made.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def test_a_file_comes_out_of_pieces_as_it_was() -> None:
    whole = archive(content=b"x" * 3000)

    assert b"x" * 3000 == archives.one_file([whole[:700], whole[700:]], 3000)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_what_is_no_file_is_none(kind: bytes) -> None:
    assert archives.one_file([archive(kind)], 3000) is None


def test_a_file_that_is_too_large_is_none() -> None:
    assert archives.one_file([archive(content=b"x" * 3001)], 3000) is None


def test_of_what_has_no_end_no_more_is_read_than_is_allowed() -> None:
    asked = 0

    def endless() -> Iterator[bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield b"\0" * 1024

    assert archives.one_file(endless(), 3000) is None
    assert asked < 100


def test_directories_and_links_are_laid_out_from_the_top() -> None:
    laid_out = archives.laid_out({"/opt/a/data": 0o777}, {"/opt/a/link": "data"})

    with tarfile.open(fileobj=io.BytesIO(laid_out)) as read:
        directory, link = read.getmembers()
    assert (directory.name, directory.isdir(), directory.mode) == ("opt/a/data", True, 0o777)
    assert (link.name, link.issym(), link.linkname) == ("opt/a/link", True, "data")
