"""Which version a process serves; what the dag-processor does beyond that needs one (tests/engine)."""

from pathlib import Path

import pytest

from dagship.inside.versions.thin import served
from dagship.inside.versions.thin.delivered import Delivered
from dagship.inside.versions.thin.serving import Serving
from tests.builders.mounts import Mount, announcement, bake
from tests.builders.packages import FOUNDATION, tree

BASE, EARLIER = tree(a="1", b="1"), tree(a="0")
V5, V6 = tree(a="5", b="1"), tree(a="6", b="1")


class Process:
    def __init__(self, tmp_path: Path) -> None:
        bake(tmp_path / "root", BASE, EARLIER)
        self.mount = Mount(tmp_path / "mount")
        self.place = tmp_path / "thin"
        versions = Delivered(
            str(tmp_path / "root"), str(self.place), foundation=FOUNDATION, mounted=str(self.mount.place)
        )
        self.own = BASE.version
        self.serving = Serving("dags-folder", versions, str(tmp_path), lambda: self.own)

    def takes(self) -> str:
        self.serving.take(0.0)
        return self.serving.current


@pytest.fixture
def process(tmp_path: Path) -> Process:
    return Process(tmp_path)


def test_it_serves_what_is_announced_and_else_what_its_image_does(process: Process) -> None:
    assert process.takes() == BASE.version
    process.mount.announce(V5, BASE)
    assert process.takes() == V5.version
    process.mount.announce(V6, BASE, serial=2)
    assert process.takes() == V6.version
    process.mount.add(current=announcement(EARLIER, BASE, 3))
    assert process.takes() == EARLIER.version


def test_an_announcement_goes_before_a_rollback_within_the_image(process: Process) -> None:
    process.own = EARLIER.version
    assert process.takes() == EARLIER.version
    process.mount.announce(V5, BASE)
    assert process.takes() == V5.version


def test_another_is_due_when_the_mount_has_changed_and_only_then(process: Process) -> None:
    process.takes()
    assert not process.serving.due
    process.mount.announce(V5, BASE)
    assert process.serving.due
    process.takes()
    assert not process.serving.due


def test_there_is_news_when_the_mount_has_changed_and_while_files_are_read_anew(process: Process) -> None:
    process.takes()
    process.serving.due  # noqa: B018 - it tells how far it is, which is all the way where nobody reads files
    assert not process.serving.has_news()
    process.mount.announce(V5, BASE)
    assert process.serving.has_news()
    process.takes()
    assert process.serving.has_news()


def test_one_that_starts_anew_serves_what_is_announced(process: Process) -> None:
    process.mount.announce(V5, BASE)

    assert process.takes() == V5.version


def test_it_stays_on_what_it_serves_where_the_next_cannot_be_had(process: Process) -> None:
    process.mount.announce(V5, BASE)
    process.takes()
    process.mount.add(current=announcement(V6, BASE, 2))
    assert process.takes() == V5.version
    process.mount.add(current=announcement(V6, BASE, 3, foundation="0" * 64))
    assert process.takes() == V5.version
    process.mount.add(current=b"{")
    assert process.takes() == V5.version


def test_one_that_starts_anew_where_it_cannot_be_had_serves_what_its_image_does(process: Process) -> None:
    process.mount.add(current=announcement(V6, BASE, 2))

    assert process.takes() == BASE.version


def test_a_config_map_that_is_deleted_takes_nothing_back_and_one_without_an_announcement_does(process: Process) -> None:
    process.mount.announce(V5, BASE)
    process.takes()
    process.mount.write({})
    assert process.takes() == V5.version
    process.mount.write({"packages": b"{}"})
    assert process.takes() == BASE.version
    process.mount.announce(V5, BASE)
    process.takes()
    process.mount.add(current=b"")
    assert process.takes() == BASE.version


def test_it_holds_the_version_that_it_serves_and_no_longer_the_one_before(process: Process) -> None:
    from dagship.inside.versions.thin import kept

    for serial, version in enumerate((V5, V6), 1):
        process.mount.announce(version, BASE, serial=serial)
        process.takes()
    assert kept.prune(str(process.place), newest=0, recent=-1.0) == 1
    assert (process.place / V6.version).is_dir()


def test_no_other_process_than_a_dag_processor_says_what_it_serves(process: Process, tmp_path: Path) -> None:
    process.mount.announce(V5, BASE)
    process.takes()

    assert served.read(str(tmp_path)) is None


def test_only_the_object_that_is_refreshed_tells_what_is_served_and_is_watched(
    process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow makes others in passing, to know where a file lies."""
    watched: list[Serving] = []
    monkeypatch.setattr("dagship.inside.versions.dag_processor.parsing.is_here", lambda: True)
    monkeypatch.setattr(
        "dagship.inside.versions.dag_processor.hints.watch", lambda _, news: watched.append(news.__self__)
    )
    file, passing, own = tmp_path / served.NAME, process.serving, Process(tmp_path / "other").serving
    passing.take(0.0)
    assert (file.exists(), watched) == (False, [])
    own.take(0.0)
    own.refresh(0.0)
    own.refresh(0.0)
    assert watched == [own]
    assert (tmp_path / "other" / served.NAME).exists()
    assert not file.exists()
