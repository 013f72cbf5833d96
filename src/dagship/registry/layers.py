"""A file out of the beginning of a layer: what was put first in it need not wait for the rest. Pure."""

import io
import tarfile
import zlib

_GZIP = 31


def unpacked(beginning: bytes, kind: str, *, most: int) -> bytes | None:
    """Returns the beginning of a layer's archive; None where it is packed in a way that is not known here.

    Args:
        beginning: The layer as the registry sends it, or its beginning.
        kind: Its media type.
        most: Bytes that it may unpack to; what is above is left.

    """
    if kind.endswith(("+gzip", ".gzip")):
        try:
            return zlib.decompressobj(_GZIP).decompress(beginning, most)
        except zlib.error:
            return None
    return beginning[:most] if kind.endswith(".tar") else None


def file(archive: bytes, path: str) -> bytes | None:
    """Returns a file of an archive that may end anywhere; None where the file is not there whole.

    Args:
        archive: The archive, or its beginning.
        path: Absolute path of the file.

    """
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r|") as opened:
            for member in opened:
                content = opened.extractfile(member) if member.isreg() and f"/{member.name}" == path else None
                if content is not None:
                    found = content.read()
                    return found if len(found) == member.size else None
    except (tarfile.TarError, EOFError):
        pass
    return None
