"""Reads and makes the tar archives by which files go into containers and out of them."""

import io
import tarfile
from collections.abc import Iterable, Mapping

# In the archive that holds a file, what is not the file.
_OVERHEAD = 64 * 1024


def one_file(pieces: Iterable[bytes], limit: int) -> bytes | None:
    """Returns the file that an archive is of; None when it is of none, or the file has more than `limit` bytes.

    What is there was made by whoever ran in the container: a link, a directory, or what has no end.
    """
    read = bytearray()
    for piece in pieces:
        read += piece
        if len(read) > limit + _OVERHEAD:
            return None
    with tarfile.open(fileobj=io.BytesIO(read)) as archive:
        member = archive.next()
        if member is None or not member.isreg() or member.size > limit:
            return None
        file = archive.extractfile(member)
        return file.read() if file is not None else None


def laid_out(directories: Mapping[str, int], links: Mapping[str, str]) -> bytes:
    """Returns an archive, to be unpacked at `/`, of directories with their modes and of links with their targets."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, mode in directories.items():
            archive.addfile(_member(path, tarfile.DIRTYPE, mode))
        for path, target in links.items():
            member = _member(path, tarfile.SYMTYPE, 0o777)
            member.linkname = target
            archive.addfile(member)
    return buffer.getvalue()


def _member(path: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path.lstrip("/"))
    member.type, member.mode = kind, mode
    return member
