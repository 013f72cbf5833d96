"""The directory of a version, made of a package and the version that it differs from."""

import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagship.image.thin import package as packing
from dagship.image.tree.model import Tree
from dagship.inside.versions import store
from dagship.inside.versions.thin import assembly, directory, package
from dagship.inside.versions.thin.assembly import Unable
from dagship.inside.versions.thin.package import Package, Wrong
from tests.builders.mounts import bake
from tests.builders.packages import FOUNDATION, file, head, packed, tree

BASE = tree(a="1", b="1", gone="1", run="#!", beside__lib__c="1", executable=("run",), link="flows")
NEW = tree(a="2", b="1", new="1", run="#!", beside__lib__c="1", executable=("run",), link="flows")


def package_of(new: Tree, base: Tree = BASE) -> Package:
    return package.read(packing.pack(new, base, FOUNDATION))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    bake(tmp_path / "root", BASE)
    return tmp_path / "root"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "storage" / "thin"


def assemble(place: Path, root: Path, found: Package, *, seconds: float = 5.0) -> None:
    assembly.assemble(str(place), found, str(root / BASE.version), until=time.monotonic() + seconds)


def hidden(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir() if path.name.startswith("."))


def test_a_version_is_assembled_read_only_and_as_the_image_would_have_it(place: Path, root: Path) -> None:
    assemble(place, root, package_of(NEW))
    made = place / NEW.version

    assert directory.digest(str(made)) == NEW.digest
    assert (made / "dags" / "a.py").read_text() == "2"
    assert (made / "flows").readlink() == Path("dags")
    modes = {str(path.relative_to(made)): stat.S_IMODE(path.lstat().st_mode) for path in made.rglob("*.*")}
    assert set(modes.values()) == {0o444, 0o555}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (made, made / "dags", made / "lib")} == {0o555}
    assert hidden(place) == [".lock"]


def test_what_stays_the_same_is_a_copy_and_no_newer_than_it_was(place: Path, root: Path) -> None:
    assemble(place, root, package_of(NEW))
    before, after = (at / "dags" / "b.py" for at in (root / BASE.version, place / NEW.version))

    assert before.stat().st_ino != after.stat().st_ino
    assert before.stat().st_mtime == after.stat().st_mtime
    assert (place / NEW.version / "dags" / "a.py").stat().st_mtime > time.time() - 60


def test_what_python_has_written_into_the_image_does_not_come_along(place: Path, root: Path) -> None:
    cache = root / BASE.version / "dags" / "__pycache__"
    cache.mkdir()
    (cache / "b.cpython-311.pyc").write_bytes(b"1")
    assemble(place, root, package_of(NEW))

    assert directory.digest(str(place / NEW.version)) == NEW.digest


def test_one_that_is_there_is_left_alone_and_one_that_was_changed_is_made_anew(place: Path, root: Path) -> None:
    assemble(place, root, package_of(NEW))
    before = (place / NEW.version).stat().st_ino
    assemble(place, root, package_of(NEW))
    assert (place / NEW.version).stat().st_ino == before

    (place / NEW.version / "dags" / "a.py").chmod(0o644)
    (place / NEW.version / "dags" / "a.py").write_text("forged")
    assemble(place, root, package_of(NEW))
    assert (place / NEW.version / "dags" / "a.py").read_text() == "2"
    assert hidden(place) == [".lock"]


def test_a_package_that_does_not_give_what_it_says_gives_nothing(place: Path, root: Path) -> None:
    forged = package.read(packed(head(NEW, BASE), file("dags/a.py", b"forged")))
    with pytest.raises(Wrong, match=f"The package of the version {NEW.version} does not give that version: it is dam"):
        assemble(place, root, forged)

    assert store.versions(str(place)) == []
    assert hidden(place) == [".lock"]


def test_what_a_killed_process_left_half_made_goes(place: Path, root: Path) -> None:
    (place / ".0123456789ab.partial" / "dags").mkdir(parents=True)
    assemble(place, root, package_of(NEW))

    assert hidden(place) == [".lock"]


def test_who_waits_for_others_too_long_says_so(place: Path, root: Path) -> None:
    place.mkdir(parents=True)
    with (
        store.lock(str(place), assembly.LOCK, until=time.monotonic()),
        pytest.raises(Unable, match=f"Others keep {place} locked."),
    ):
        assemble(place, root, package_of(NEW), seconds=0.0)


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path, root: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Unable, match=f"The version {NEW.version} cannot be written to .*: Not a directory."):
        assemble(tmp_path / "file" / "thin", root, package_of(NEW))


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    there = tmp_path / "small"
    there.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", there], capture_output=True).returncode:
        pytest.skip("mounting takes root")
    yield there
    subprocess.run(["umount", there], check=True)


def test_where_there_is_no_room_old_versions_go_and_where_none_is_left_it_is_said(small: Path, root: Path) -> None:
    first, second = (tree(a="1", big=word * 1_200_000) for word in "xy")
    assemble(small, root, package_of(first))
    assemble(small, root, package_of(second))
    assert store.versions(str(small)) == [second.version]

    with pytest.raises(Unable, match=r"No space left on device\. Its volume is full: give the pods a larger one\."):
        assemble(small, root, package_of(tree(a="1", big="z" * 2_400_000)))
    assert store.versions(str(small)) == []
    assert set(hidden(small)) == {".lock", f".{first.version}.used", f".{second.version}.used"}
