"""The versions of a pod: those of its image, and those that come while it runs."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagship.image.tree.model import Tree
from dagship.inside.versions import store
from dagship.inside.versions.thin import kept
from dagship.inside.versions.thin.delivered import Delivered
from tests.builders.mounts import Mount, announcement, bake
from tests.builders.packages import FOUNDATION, tree

BASE, EARLIER = tree(a="1", b="1"), tree(a="0")
NEW = tree(a="2", b="1")


class Pod:
    def __init__(self, tmp_path: Path, base: Tree = BASE) -> None:
        bake(tmp_path / "root", base, EARLIER)
        self.mount = Mount(tmp_path / "mount")
        self.place = tmp_path / "storage" / "thin"
        self.versions = Delivered(
            str(tmp_path / "root"), str(self.place), foundation=FOUNDATION, mounted=str(self.mount.place)
        )


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(tmp_path)


def test_what_is_announced_is_obtained_and_lies_in_the_pod(pod: Pod) -> None:
    pod.mount.announce(NEW, BASE, serial=4)
    found, why = pod.versions.announced()

    assert found is not None
    assert (found.version, found.serial, why) == (NEW.version, 4, "")
    assert pod.versions.obtain(NEW.version, seconds=0.0) == ""
    assert pod.versions.directory(NEW.version) == str(pod.place / NEW.version)
    assert (pod.place / NEW.version / "dags" / "a.py").read_text() == "2"


def test_what_the_image_has_needs_no_package(pod: Pod, tmp_path: Path) -> None:
    pod.mount.add(current=announcement(EARLIER, BASE))
    found, _ = pod.versions.announced()

    assert found is not None
    assert pod.versions.obtain(EARLIER.version, seconds=0.0) == ""
    assert pod.versions.directory(EARLIER.version) == str(tmp_path / "root" / EARLIER.version)
    assert not pod.place.exists()


def test_what_comes_late_is_waited_for(pod: Pod) -> None:
    late = threading.Timer(0.3, pod.mount.announce, (NEW, BASE))
    late.start()
    began = time.monotonic()
    assert pod.versions.obtain(NEW.version, seconds=30.0) == ""
    late.join()

    assert 0.2 < time.monotonic() - began < 10


def test_what_does_not_come_is_said(pod: Pod) -> None:
    assert pod.versions.obtain(NEW.version, seconds=0.2) == f"There is no package of the version {NEW.version}."


def test_a_version_whose_package_has_gone_is_used_as_long_as_it_is_what_it_was(pod: Pod) -> None:
    pod.mount.announce(NEW, BASE)
    pod.versions.obtain(NEW.version, seconds=0.0)
    pod.mount.write({})
    assert pod.versions.obtain(NEW.version, seconds=0.0) == ""

    (pod.place / NEW.version / "dags" / "a.py").chmod(0o644)
    (pod.place / NEW.version / "dags" / "a.py").write_text("changed")
    assert pod.versions.obtain(NEW.version, seconds=0.0) == (
        f"The directory of the version {NEW.version} was changed after it was assembled, and there is no package of it "
        "any more."
    )


def test_a_directory_that_a_task_has_changed_is_made_anew_at_the_next(pod: Pod) -> None:
    pod.mount.announce(NEW, BASE)
    pod.versions.obtain(NEW.version, seconds=0.0)
    (pod.place / NEW.version / "dags").chmod(0o755)
    (pod.place / NEW.version / "dags" / "more.py").write_text("import os")

    assert pod.versions.obtain(NEW.version, seconds=0.0) == ""
    assert not (pod.place / NEW.version / "dags" / "more.py").exists()


def test_packages_of_other_images_and_versions_are_not_used(pod: Pod) -> None:
    pod.mount.announce(NEW, BASE, foundation="0" * 64)
    _, why = pod.versions.announced()
    assert why == "What is announced is for an image that is built on something else than this one."
    for_another = f"The package of the version {NEW.version} is for another image than this one."
    assert pod.versions.obtain(NEW.version, seconds=0.0) == for_another

    pod.mount.announce(NEW, tree(a="another"))
    assert pod.versions.obtain(NEW.version, seconds=0.0) == for_another

    pod.mount.announce(NEW, BASE)
    other = tree(a="3")
    pod.mount.add(**{f"{other.version}_tgz": pod.mount.files[f"{NEW.version}.tgz"]})
    assert pod.versions.obtain(other.version, seconds=0.0) == (
        f"The package of the version {other.version} is one of {NEW.version}."
    )
    assert not pod.place.exists()


def test_a_damaged_package_is_said_and_a_sound_one_that_comes_then_is_used(pod: Pod) -> None:
    pod.mount.announce(NEW, BASE)
    sound = pod.mount.files[f"{NEW.version}.tgz"]
    pod.mount.add(**{f"{NEW.version}_tgz": sound[:-5]})
    assert "it ends too early" in pod.versions.obtain(NEW.version, seconds=0.0)
    pod.mount.add(current=b"{")
    assert pod.versions.announced() == (None, "What is announced is no JSON.")

    pod.mount.add(**{f"{NEW.version}_tgz": sound})
    assert pod.versions.obtain(NEW.version, seconds=0.0) == ""


def test_where_nothing_can_be_written_it_is_said(pod: Pod) -> None:
    pod.mount.announce(NEW, BASE)
    pod.place.parent.touch()

    assert pod.versions.obtain(NEW.version, seconds=0.0) == f"{pod.place} cannot be written: Not a directory."


TASK = """
import sys
from dagship.inside.versions.thin.delivered import Delivered
root, place, foundation, mounted, version = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
print(Delivered(root, place, foundation=foundation, mounted=mounted).obtain(version, seconds=0.0), flush=True)
sys.stdin.readline()
"""


def test_many_tasks_that_lack_a_version_at_once_get_one_and_each_holds_it(tmp_path: Path) -> None:
    files: dict[str, Any] = {f"f{number}": "1" for number in range(300)}
    base, new = tree(**files), tree(**files, more="1")
    pod = Pod(tmp_path, base)
    pod.mount.announce(new, base)
    argv = [sys.executable, "-c", TASK, str(tmp_path / "root"), str(pod.place), FOUNDATION, str(pod.mount.place)]
    tasks = [
        subprocess.Popen([*argv, new.version], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]

    def said() -> list[str]:
        return [task.stdout.readline() for task in tasks if task.stdout]

    try:
        assert said() == ["ready\n"] * 4
        for task in tasks:
            print("obtain", file=task.stdin, flush=True)
        assert said() == ["\n"] * 4
        assert store.versions(str(pod.place)) == [new.version]
        assert kept.prune(str(pod.place), newest=0, recent=-1.0) == 0
    finally:
        for task in tasks:
            task.communicate("end\n")
    assert kept.prune(str(pod.place), newest=0, recent=-1.0) == 1


@pytest.fixture
def read_only(pod: Pod) -> Iterator[Pod]:
    """A pod whose place cannot be written any more."""
    pod.mount.announce(NEW, BASE)
    pod.place.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", pod.place], capture_output=True).returncode:
        pytest.skip("mounting takes root")
    pod.versions.obtain(NEW.version, seconds=0.0, hold=False)
    subprocess.run(["mount", "-o", "remount,ro", pod.place], check=True)
    yield pod
    subprocess.run(["umount", pod.place], check=True)


def test_what_is_there_is_used_by_who_may_not_write_there(read_only: Pod) -> None:
    other = tree(a="3", b="1")
    read_only.mount.announce(other, BASE)

    assert read_only.versions.obtain(NEW.version, seconds=0.0) == ""
    assert read_only.versions.obtain(other.version, seconds=0.0) == (
        f"The version {other.version} cannot be written to {read_only.place}: Read-only file system."
    )


def test_versions_can_come_where_the_config_map_is_mounted_and_the_image_says_what_it_is_built_on(
    pod: Pod, tmp_path: Path
) -> None:
    assert (pod.versions.can_come, pod.versions.is_gone) == (True, True)
    pod.mount.add(packages=b"{}")
    assert (pod.versions.announced(), pod.versions.is_gone) == ((None, ""), False)

    def other(**changes: str) -> bool:
        options = {"foundation": FOUNDATION, "mounted": str(pod.mount.place), **changes}
        return Delivered(str(tmp_path / "root"), str(pod.place), **options).can_come

    assert (other(), other(foundation=""), other(mounted=str(tmp_path / "none"))) == (True, False, False)
