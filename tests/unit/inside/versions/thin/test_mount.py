"""The mounted ConfigMap is read while the kubelet changes it."""

import threading
from pathlib import Path

from dagship.inside.versions.thin import mount, package
from tests.builders.mounts import Mount


def test_what_is_mounted_is_read_and_what_is_not_is_none(tmp_path: Path) -> None:
    place = Mount(tmp_path / "mount")
    place.add(current=b"1", abc_tgz=b"2")

    assert mount.announced(str(place.place)) == b"1"
    assert mount.packaged(str(place.place), "abc") == b"2"
    assert mount.packaged(str(place.place), "other") is None
    assert mount.announced(str(tmp_path / "none")) is None


def test_its_mark_changes_with_it(tmp_path: Path) -> None:
    place = Mount(tmp_path / "mount")
    before = mount.mark(str(place.place))
    place.add(current=b"1")

    assert mount.mark(str(place.place)) not in ("", before)
    assert mount.mark(str(tmp_path / "none")) == ""


def test_a_config_map_that_is_deleted_is_empty_and_still_mounted(tmp_path: Path) -> None:
    place = Mount(tmp_path / "mount")
    assert (mount.is_there(str(place.place)), mount.is_empty(str(place.place))) == (True, True)
    place.add(packages=b"{}")
    assert mount.is_empty(str(place.place)) is False
    assert (mount.is_there(str(tmp_path / "none")), mount.is_empty(str(tmp_path / "none"))) == (False, True)


def test_a_file_that_is_too_long_is_read_to_one_byte_more_than_it_may_have(tmp_path: Path) -> None:
    place = Mount(tmp_path / "mount")
    place.add(abc_tgz=bytes(package.MOST_PACKED + 10))

    assert len(mount.packaged(str(place.place), "abc") or b"") == package.MOST_PACKED + 1


def test_what_is_there_all_the_time_is_found_while_the_kubelet_turns_its_link(tmp_path: Path) -> None:
    place = Mount(tmp_path / "mount")
    place.add(current=b"1")
    done = threading.Event()

    def turn() -> None:
        while not done.is_set():
            place.add(current=b"1")

    kubelet = threading.Thread(target=turn)
    kubelet.start()
    try:
        found = {mount.announced(str(place.place)) for _ in range(2000)}
    finally:
        done.set()
        kubelet.join()

    assert found == {b"1"}
