"""A file out of the beginning of a layer."""

import gzip
import io
import tarfile

import pytest

from dagship.registry import layers

MOST = 1_000_000


def archive(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as opened:
        opened.addfile(member := tarfile.TarInfo("opt"))
        member.type = tarfile.DIRTYPE
        for name, content in files.items():
            member = tarfile.TarInfo(f"opt/{name}")
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


WHOLE = archive(first=b"package", second=bytes(100_000))


@pytest.mark.parametrize("end", [None, 5_000])
def test_a_file_is_read_from_the_beginning_of_a_layer(end: int | None) -> None:
    assert layers.file(WHOLE[:end], "/opt/first") == b"package"


@pytest.mark.parametrize(
    ("beginning", "path"),
    [(WHOLE, "/opt/third"), (WHOLE[:5_000], "/opt/second"), (b"no archive", "/opt/first"), (b"", "/opt/first")],
)
def test_one_that_is_not_there_whole_is_none(beginning: bytes, path: str) -> None:
    assert layers.file(beginning, path) is None


def test_a_layer_is_unpacked_as_far_as_it_is_there_and_asked_for() -> None:
    packed = gzip.compress(WHOLE)
    kind = "application/vnd.oci.image.layer.v1.tar"

    assert layers.unpacked(packed, f"{kind}+gzip", most=MOST) == WHOLE
    assert layers.unpacked(packed, "application/vnd.docker.image.rootfs.diff.tar.gzip", most=2_000) == WHOLE[:2_000]
    assert WHOLE.startswith(layers.unpacked(packed[:60], f"{kind}+gzip", most=MOST) or b"?")
    assert layers.unpacked(WHOLE, kind, most=MOST) == WHOLE


@pytest.mark.parametrize("kind", ["application/vnd.oci.image.layer.v1.tar+zstd", "", "x+gzip"])
def test_what_is_packed_otherwise_is_none(kind: str) -> None:
    assert layers.unpacked(b"(\xb5/\xfd", kind, most=MOST) is None
