"""What differs between two trees, packed here and read by the program that reads it in a pod."""

import io
import random
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagship.image.thin import package
from dagship.image.thin.package import Unfit
from dagship.image.tree.model import Tree, TreeFile
from dagship.inside.versions.thin import package as inside
from dagship.model import thin
from tests.builders.packages import FOUNDATION, tree

NAMES = st.sampled_from(["a.py", "é.py", "deep/b.py", "deep/er/c.sql", "../include/d.py", "../one.py", "a", "a/b.py"])
FILES = st.builds(
    TreeFile, path=NAMES, executable=st.booleans(), content=st.binary(max_size=20) | st.just(b"x = 1\n" * 300)
)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    files = draw(st.lists(FILES, unique_by=lambda file: file.path.split("/")[0], max_size=5))
    return Tree(
        source=Path("/x"),
        files=tuple(sorted(files, key=lambda file: file.path)),
        link=draw(st.sampled_from(["", "flows"])),
    )


@given(trees(), trees())
def test_a_package_gives_the_tree_that_it_was_made_of(new: Tree, base: Tree) -> None:
    data = package.pack(new, base, FOUNDATION)
    again = package.unpack(data, base)

    assert (again.files, again.link) == (new.files, new.link)
    assert data == package.pack(new, base, FOUNDATION)


@given(trees(), trees(), st.data())
def test_a_damaged_package_is_refused_or_gives_the_same_tree(new: Tree, base: Tree, data: st.DataObject) -> None:
    whole = package.pack(new, base, FOUNDATION)
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytes([whole[place] ^ data.draw(st.integers(1, 255))])
    damaged = data.draw(st.sampled_from([whole[:place], whole[:place] + flipped + whole[place + 1 :], whole + flipped]))
    try:
        again = package.unpack(damaged, base)
    except Unfit:
        return
    assert (again.files, again.link) == (new.files, new.link)


def test_only_what_differs_travels() -> None:
    base = tree(a="1", b="1", gone="1", run="1", beside__lib__c="1")
    new = tree(a="1", b="2", new="1", run="1", beside__lib__c="2", executable=("run",))
    read = inside.read(package.pack(new, base, FOUNDATION))

    assert [(file.path, file.executable, file.content) for file in read.files] == [
        ("lib/c.py", False, b"2"),
        ("dags/b.py", False, b"2"),
        ("dags/new.py", False, b"1"),
        ("dags/run.py", True, b"1"),
    ]
    assert read.removed == ("dags/gone.py",)
    assert (read.version, read.tree, read.base, read.foundation) == (new.version, new.digest, base.version, FOUNDATION)


def test_anyone_can_look_into_a_package_with_tar() -> None:
    data = package.pack(tree(a="2"), tree(a="1"), FOUNDATION)
    with tarfile.open(fileobj=io.BytesIO(data)) as opened:
        found = [(member.name, member.mode, member.uid, member.mtime) for member in opened]

    assert found == [(inside.HEAD, 0o444, 0, 315532800), ("dags/a.py", 0o444, 0, 315532800)]
    assert data[4:8] == bytes(4)  # no time either


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"__pycache__/a.py": b""}, "a directory __pycache__, which Python changes"),
        ({f"{'a' * 101}.py": b""}, "too long for a package"),
        ({"a.py": bytes(inside.MOST_UNPACKED)}, "it unpacks to more than 16777216 bytes"),
        ({"a.bin": random.Random(1).randbytes(600_000)}, "bytes, and"),
        ({f"{n}.py": b"" for n in range(10_001)}, "more than 10000 files"),
    ],
    ids=["python's own", "long name", "much", "much that is not alike", "many"],
)  # fmt: skip
def test_what_a_pod_would_not_take_is_not_packed(files: dict[str, bytes], sentence: str) -> None:
    made = [TreeFile(path=path, executable=False, content=content) for path, content in sorted(files.items())]

    with pytest.raises(Unfit, match=sentence):
        package.pack(Tree(source=Path("/x"), files=tuple(made)), tree(a="1"), FOUNDATION)


def test_a_package_for_another_base_gives_no_tree() -> None:
    data = package.pack(tree(a="1"), tree(a="1", gone="1"), FOUNDATION)

    with pytest.raises(Unfit, match=r"removes 'dags/gone\.py', which the version"):
        package.unpack(data, tree(a="1"))


def test_a_pod_takes_as_much_as_is_sent() -> None:
    assert inside.MOST_PACKED == thin.MOST
