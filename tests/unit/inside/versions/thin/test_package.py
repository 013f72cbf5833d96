"""What is read of a package in a pod, and what is refused there whoever made it."""

import contextlib
import tarfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagship.inside.versions.thin import package
from dagship.inside.versions.thin.package import Wrong
from tests.builders.packages import file, gzip, head, packed, tree

BASE, NEW = tree(a="1", b="1"), tree(a="2", b="1")
HEAD = head(NEW, BASE)


def special(kind: bytes, name: str = "dags/x", **said: Any) -> tuple[tarfile.TarInfo, bytes]:
    member, content = file(name)
    member.type = kind
    for field, value in said.items():
        setattr(member, field, value)
    return member, content


def test_a_package_says_what_it_is_and_brings_its_files() -> None:
    found = package.read(packed(HEAD, file("dags/a.py", b"2"), file("dags/deep/run", b"#!", mode=0o555)))

    assert (found.version, found.base, found.removed, found.link) == (NEW.version, BASE.version, (), "")
    assert found.files == (("dags/a.py", False, b"2"), ("dags/deep/run", True, b"#!"))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "ends too early"),
        (b"PK\3\4", "is damaged"),
        (packed(HEAD)[:-9], "ends too early"),
        (packed(HEAD) + b"\0", "goes on after its end"),
        (packed(HEAD) + packed(HEAD), "goes on after its end"),
        (gzip(b"")[:10] + bytes(package.MOST_PACKED), "it has 524298 bytes, and a package may have 524288"),
        (gzip(bytes(package.MOST_UNPACKED + 1)), "unpacks to more than 16777216 bytes"),
        (gzip(b""), "does not end as one does"),
        (gzip(b"x" * 512), "is damaged"),
        (gzip(HEAD[0].tobuf() + HEAD[1]), "'package.json' does not end in it|does not end as one does"),
        (packed(file("dags/a.py")), "package.json does not come first"),
        (packed(HEAD, special(tarfile.SYMTYPE, linkname="/etc")), "more than a plain file"),
        (packed(HEAD, special(tarfile.LNKTYPE, linkname="/etc/passwd")), "more than a plain file"),
        (packed(HEAD, special(tarfile.FIFOTYPE)), "more than a plain file"),
        (packed(HEAD, special(tarfile.DIRTYPE)), "more than a plain file"),
        (packed(HEAD, special(tarfile.GNUTYPE_SPARSE)), "more than a plain file|is damaged"),
        (packed(HEAD, file("dags/a.py", mode=0o4555)), "more than a plain file"),
        (packed(HEAD, file("dags/" + "a" * 200), form=tarfile.PAX_FORMAT), "more than a plain file"),
        (packed(HEAD, file("dags/" + "a" * 200), form=tarfile.GNU_FORMAT), "more than a plain file"),
        (packed(HEAD, file("/etc/passwd")), "no path of a file"),
        (packed(HEAD, file("dags/../../x")), "no path of a file"),
        (packed(HEAD, file("dags//x")), "no path of a file"),
        (packed(HEAD, file("./dags/x")), "no path of a file"),
        (packed(HEAD, file("dags/x"), file("dags/x")), "names a file twice"),
        (packed(HEAD, *(file(str(number)) for number in range(package.MOST_PATHS + 1))), "more than 10000 files"),
        (packed(file(package.HEAD, b"{")), "is no JSON"),
        (packed(file(package.HEAD, b"[" * 100_000)), "is no JSON"),
        (packed(file(package.HEAD, b"[]")), "is no JSON object"),
        (packed(head(NEW, BASE, form=2)), "it has the form 2, and this image knows 1"),
        (packed(head(NEW, BASE, removed="dags/a.py")), "lacks what it has to say"),
        (packed(head(NEW, BASE, removed=[1])), "lacks what it has to say"),
        (packed(head(NEW, BASE, removed=["../x"])), "no path of a file"),
        (packed(head(NEW, BASE, removed=["a\0b"])), "no path of a file"),
        (packed(head(NEW, BASE, removed=["\ud800"])), "no path of a file"),
        (packed(head(NEW, BASE, removed=["dags/x"]), file("dags/x")), "names a file twice"),
        (packed(head(NEW, BASE, version="0" * 12)), "names no version"),
        (packed(head(NEW, BASE, base="../../etc")), "names no version"),
        (packed(head(NEW, BASE, tree="x")), "names no version"),
        (packed(head(NEW, BASE, foundation=None)), "lacks what it has to say"),
        (packed(head(NEW, BASE, link="../x")), "can be no link"),
        (packed(head(NEW, BASE, link="dags")), "can be no link"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_none_of_ours_is_is_refused_with_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(Wrong, match=sentence) as refused:
        package.read(data)

    assert str(refused.value).startswith("The package cannot be used: ")


def test_a_size_below_nothing_is_refused() -> None:
    """It has led tarfile in a circle."""
    member, content = file("dags/a.py")
    header = bytearray(member.tobuf(tarfile.USTAR_FORMAT))
    header[124:136] = (-1024).to_bytes(12, "big", signed=True)
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + sum(header[156:]) + 8 * 32)
    first = HEAD[0].tobuf(tarfile.USTAR_FORMAT) + HEAD[1].ljust(512, b"\0")

    with pytest.raises(Wrong, match="does not end in it"):
        package.read(gzip(first + bytes(header) + content + bytes(1024)))


@given(st.binary(max_size=512), st.integers(0, 511))
def test_whatever_stands_in_a_header_is_read_or_refused(noise: bytes, at: int) -> None:
    header = bytearray(file("dags/a.py")[0].tobuf(tarfile.USTAR_FORMAT))
    header[at : at + len(noise)] = noise
    header = header[:512]
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + sum(header[156:]) + 8 * 32)
    first = HEAD[0].tobuf(tarfile.USTAR_FORMAT) + HEAD[1].ljust(512, b"\0")
    with contextlib.suppress(Wrong):
        package.read(gzip(first + bytes(header) + bytes(1024)))


def test_what_is_neither_new_nor_removed_stays() -> None:
    found = package.read(packed(head(NEW, BASE, removed=["dags/gone.py"]), file("dags/a.py", b"2")))

    assert package.kept(found, ["dags/gone.py", "lib/c.py", "dags/b.py", "dags/a.py"]) == ("dags/b.py", "lib/c.py")


@pytest.mark.parametrize(
    ("base", "link", "sentence"),
    [
        ([], "", "removes 'dags/gone.py', which the version"),
        (["dags/gone.py", "dags/a.py/b.py"], "", "'dags/a.py' would be two things"),
        (["dags/gone.py", "dags"], "", "'dags' would be two things"),
        (["dags/gone.py", "flows/x.py"], "flows", "'flows' would be two things"),
        (["dags/gone.py", "flows"], "flows", "'flows' would be two things"),
    ],
)
def test_a_package_that_does_not_fit_what_is_there_is_refused(base: list[str], link: str, sentence: str) -> None:
    found = package.read(packed(head(NEW, BASE, removed=["dags/gone.py"], link=link), file("dags/a.py", b"2")))

    with pytest.raises(Wrong, match=sentence):
        package.kept(found, base)
