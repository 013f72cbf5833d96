"""What a repository may bring onto a volume, what it says of what it does not bring, and clocks that go back."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagship.inside.versions import state, store
from dagship.inside.versions.git import repository as git
from dagship.inside.versions.runs import CannotAsk, Runs
from dagship.inside.versions.state import Verdict
from tests.unit.inside.versions.repositories import Place, Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.fixture
def place(tmp_path: Path, repository: Repository) -> Place:
    return Place(tmp_path, repository)


def bomb(repository: Repository, *, width: int, depth: int, content: bytes) -> str:
    """Commits a tree that holds one blob in `width` ** `depth` places: a few kilobytes of git."""
    argv = ["git", "-C", str(repository.work), "hash-object", "-w", "--stdin"]
    blob = subprocess.run(argv, input=content, capture_output=True, check=True).stdout.decode().strip()
    kind, child = "100644 blob", blob
    for _ in range(depth):
        lines = "".join(f"{kind} {child}\t{number}\n" for number in range(width))
        argv = ["git", "-C", str(repository.work), "mktree"]
        made = subprocess.run(argv, input=lines, capture_output=True, check=True, text=True).stdout.strip()
        kind, child = "040000 tree", made
    commit = repository.git("commit-tree", child, "-p", "HEAD", "-m", "x")
    repository.git("push", "-q", "--force", "origin", f"{commit}:refs/heads/main")
    return commit


def test_a_small_repository_that_unpacks_to_more_than_there_is_room_for_is_refused_and_written_nowhere(
    place: Place, repository: Repository
) -> None:
    good = repository.commit(a_py="1")
    sync = place.sync(size=20_000_000)
    sync.look()
    bad = bomb(repository, width=30, depth=2, content=b"0" * 1_000_000)
    status = sync.look()

    assert store.used(str(place.root)) < 2_000_000
    assert (status.state, status.candidate, place.current) == ("refused", bad, good)
    assert "It has files of 900.0 MB, and the volume has room for" in status.reason
    assert "dags.git.size" in status.reason


def test_a_pod_that_starts_with_such_a_commit_gets_the_one_before(place: Place, repository: Repository) -> None:
    good = repository.commit(a_py="1")
    bomb(repository, width=30, depth=2, content=b"0" * 1_000_000)
    place.sync(size=20_000_000).look()

    assert place.current == good


def test_a_tree_of_more_files_than_can_be_counted_is_refused(
    place: Place, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A tenth of what holds: git takes seconds for a list of the real length.
    monkeypatch.setattr(git, "_MOST_FILES", git._MOST_FILES // 10)
    monkeypatch.setattr(git, "_LONGEST_LIST", git._LONGEST_LIST // 10)
    repository.commit(a_py="1")
    bomb(repository, width=10, depth=9, content=b"x = 1\n")
    status = place.sync().look()

    assert status.state == "refused"
    assert "more than 10000 files" in status.reason


def test_history_that_does_not_fit_is_not_fetched(place: Place, repository: Repository) -> None:
    good = repository.commit(a_py="1")
    sync = place.sync(size=1_000_000)
    sync.look()
    (repository.work / "noise").write_bytes(os.urandom(2_000_000))
    repository.commit()
    status = sync.look()

    assert (status.state, place.current) == ("refused", good)
    assert "more than the volume has room for" in status.reason
    sync.look()
    assert store.used(str(place.root)) < 1_250_000


def noise(repository: Repository, size: int) -> str:
    """Commits a file that no compression makes smaller; takes its size twice: in the store, and in the version."""
    (repository.work / "noise").write_bytes(os.urandom(size))
    return repository.commit()


def test_where_there_is_no_room_versions_go_that_no_run_needs_and_none_that_one_may_need(
    place: Place, repository: Repository
) -> None:
    def away() -> Runs:
        raise CannotAsk("The database is away.")

    sync = place.sync(size=4_625_000, keep=1, depth=0)
    made = []
    for size in (1_000_000, 1_000_000, 550_000):
        made.append(noise(repository, size))
        place.runs = Runs(1, frozenset(made[:1]))
        refused = sync.look()

    assert (refused.state, place.current) == ("refused", made[1])
    assert "room" in refused.reason
    assert place.versions == set(made[:2])

    asked, place.ask = place.ask, away
    assert sync.look().state == "refused"
    assert place.versions == set(made[:2])

    place.ask, place.runs = asked, Runs(0, frozenset())
    assert (sync.look().state, place.current) == ("current", made[2])
    assert place.versions == {made[2]}


def test_files_that_were_replaced_do_not_fill_the_volume(place: Place, repository: Repository) -> None:
    sync = place.sync(size=2_000_000, keep=1)
    for _ in range(5):
        newest = noise(repository, 300_000)
        sync.look()

        assert place.current == newest


def test_submodules_and_pointers_of_git_lfs_are_named(place: Place, repository: Repository) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 9\n"
    repository.commit(a_py="1", data__model=pointer)
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'b' * 40},lib/helpers")
    repository.git("commit", "-q", "-m", "x")
    repository.git("push", "-q", "origin", "HEAD:main")
    status = place.sync().look()

    assert status.state == "current"
    assert [(one.file, one.error.partition(",")[0]) for one in status.findings] == [
        ("data/model", "It is a pointer of Git LFS"),
        ("lib/helpers", "It is a submodule"),
    ]


def test_a_commit_that_is_refused_says_what_it_lacks(place: Place, repository: Repository) -> None:
    repository.commit(a_py="broken")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'b' * 40},lib")
    repository.git("commit", "-q", "-m", "x")
    repository.git("push", "-q", "origin", "HEAD:main")

    assert [one.file for one in place.sync().look().findings] == ["a.py", "lib"]


def test_a_commit_has_one_version_whatever_way_it_came(place: Place, repository: Repository) -> None:
    commit = repository.commit(a_py="1")
    repository.git("tag", "-a", "-m", "x", "v1")
    repository.git("push", "-q", "origin", "v1")
    for way in ({"branch": "main"}, {"tag": "v1"}, {}):
        place.sync(**way).look()
        assert place.versions == {commit}


def test_a_clock_that_was_set_back_keeps_no_refusal_that_passes(place: Place, repository: Repository) -> None:
    commit = repository.commit(a_py="1")
    sync = place.sync()
    soon = Verdict(passed=False, reason="It took too long.", lasting=False, at=time.time() + 86_400)
    state.remember(str(place.root), commit, verdict=soon)
    sync.look()

    assert place.current == commit


def test_a_clock_that_was_set_back_changes_nothing_about_which_versions_are_the_newest(
    place: Place, repository: Repository
) -> None:
    sync = place.sync(keep=1)
    first = repository.commit(a_py="1")
    sync.look()
    state.remember(str(place.root), first, published=time.time() + 86_400)
    second = repository.commit(a_py="2")
    sync.look()
    third = repository.commit(a_py="3")
    sync.look()

    assert place.versions == {third}
    assert second not in place.versions


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    directory = tmp_path / "small"
    directory.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", directory], capture_output=True).returncode:
        pytest.skip("mounting takes root")
    yield directory
    subprocess.run(["umount", directory], check=True)


def test_a_full_volume_is_no_host_that_does_not_answer(small: Path, repository: Repository) -> None:
    repository.commit(a_py="1")
    place = Place(small, repository)
    sync = place.sync()
    sync.look()
    (repository.work / "noise").write_bytes(os.urandom(4_000_000))
    repository.commit()
    status = sync.look()

    assert status.state == "refused"
    assert "volume" in status.reason
    assert "room" in status.reason or "full" in status.reason
