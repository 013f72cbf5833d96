"""The sync of a volume with real git repositories: what is published, what is refused, and what stays."""

import json
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dagship.inside.versions import obtain, state, store
from dagship.inside.versions.runs import CannotAsk, Runs
from tests.unit.inside.versions.repositories import Place, Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.fixture
def place(tmp_path: Path, repository: Repository) -> Place:
    return Place(tmp_path, repository)


def status_of(place: Place) -> dict[str, object]:
    found: dict[str, object] = json.loads((place.root / "status.json").read_text())
    return found


def test_a_commit_becomes_a_read_only_directory_that_is_current(place: Place, repository: Repository) -> None:
    commit = repository.commit(a_py="one", helpers__b_py="two")

    place.sync().look()

    directory = place.root / commit
    assert commit == place.current == str((place.root / "current").readlink())
    assert "two" == (place.root / "current" / "dags" / "helpers" / "b.py").read_text()
    assert {0o444} == {path.stat().st_mode & 0o777 for path in directory.rglob("*.py")}
    assert {0o555} == {path.stat().st_mode & 0o777 for path in (directory, directory / "dags" / "helpers")}


def test_a_file_that_git_has_as_executable_stays_so(place: Place, repository: Repository) -> None:
    (repository.work / "run.sh").write_text("#!/bin/sh\n")
    (repository.work / "run.sh").chmod(0o755)
    commit = repository.commit()

    place.sync().look()

    assert 0o555 == (place.root / commit / "dags" / "run.sh").stat().st_mode & 0o777


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_new_commit_is_published_beside_the_one_before(place: Place, repository: Repository, depth: int) -> None:
    first = repository.commit(a_py="one")
    sync = place.sync(depth=depth)
    sync.look()
    second = repository.commit(a_py="two")
    sync.look()

    assert second == place.current
    assert ("one", "two") == tuple((place.root / commit / "dags" / "a.py").read_text() for commit in (first, second))


def test_a_branch_is_followed_and_others_are_not(place: Place, repository: Repository) -> None:
    repository.commit(a_py="main")
    repository.git("checkout", "-q", "-b", "team/release-1")
    commit = repository.commit(a_py="release")
    repository.git("checkout", "-q", "main")
    repository.commit(a_py="main again")

    assert "branch team/release-1" == place.sync(branch="team/release-1").look().ref
    assert commit == place.current


def test_a_tag_is_followed_to_its_commit_also_when_it_moves(place: Place, repository: Repository) -> None:
    first = repository.commit(a_py="one")
    repository.git("tag", "-a", "v1", "-m", "x")
    repository.git("push", "-q", "origin", "v1")
    second = repository.commit(a_py="two")
    sync = place.sync(tag="v1")
    sync.look()
    before = place.current
    repository.git("tag", "-f", "v1")
    repository.git("push", "-q", "--force", "origin", "v1")
    sync.look()

    assert (first, second) == (before, place.current)


def test_a_subdirectory_is_all_that_a_version_holds(place: Place, repository: Repository) -> None:
    commit = repository.commit(README="x", team__dags__a_py="one")

    place.sync(subdirectory="team/dags").look()

    assert [place.root / commit / "dags" / "a.py"] == list((place.root / commit / "dags").iterdir())


def test_what_is_included_lies_beside_the_dag_directory_and_another_list_makes_the_same_commit_again(
    place: Place, repository: Repository
) -> None:
    commit = repository.commit(team__flows__a_py="one", lib__words_py="two", sql__q="three", other="x")
    seen = []
    for include in (("lib",), ("lib", "sql")):
        place.sync(subdirectory="team/flows", include=include).look()
        seen.append(sorted(path.name for path in (place.root / commit).iterdir()))

    assert seen == [["dags", "flows", "lib"], ["dags", "flows", "lib", "sql"]]
    assert "one" == (place.root / commit / "flows" / "a.py").read_text()
    assert "two" == (place.root / "current" / "lib" / "words.py").read_text()


def test_a_commit_without_what_is_included_or_with_a_link_out_of_it_is_refused(
    place: Place, repository: Repository
) -> None:
    repository.commit(dags__a_py="one", lib__words_py="two")
    missing = place.sync(subdirectory="dags", include=("lib", "sql")).look()
    (repository.work / "lib" / "link").symlink_to("../dags/a.py")
    repository.commit()
    leading = place.sync(subdirectory="dags", include=("lib",)).look()

    assert ("refused", "There is no directory 'sql' in it.") == (missing.state, missing.reason)
    assert ("refused", "The link 'link' in it leads outside the directory lib.") == (leading.state, leading.reason)


def test_another_subdirectory_makes_the_same_commit_again(place: Place, repository: Repository) -> None:
    commit = repository.commit(one__a_py="1", two__b_py="2")
    place.sync(subdirectory="one").look()
    place.sync(subdirectory="two").look()

    assert [place.root / commit / "dags" / "b.py"] == list((place.root / commit / "dags").iterdir())
    assert [commit, f".{commit}.partial"] == place.checked


def test_another_subdirectory_that_is_no_good_is_refused_and_stays_so_and_what_was_served_stays(
    place: Place, repository: Repository
) -> None:
    commit = repository.commit(one__a_py="1", two__b_py="broken")
    place.sync(subdirectory="one").look()
    for subdirectory in ("two", "three"):
        sync = place.sync(subdirectory=subdirectory)
        said = [sync.look(), sync.look()]

        assert ["refused", "refused"] == [one.state for one in said]
        assert said[0].reason == said[1].reason
        assert [place.root / commit / "dags" / "a.py"] == list((place.root / commit / "dags").iterdir())
    assert commit == place.current


def test_a_missing_subdirectory_is_refused_and_what_was_current_stays(place: Place, repository: Repository) -> None:
    first = repository.commit(dags__a_py="one")
    sync = place.sync(subdirectory="dags")
    sync.look()
    second = repository.commit(dags__a_py=None, elsewhere__a_py="two")

    status = sync.look()

    assert ("refused", second) == (status.state, status.candidate)
    assert "There is no directory 'dags' in it." == status.reason
    assert first == place.current


@pytest.mark.parametrize("to", ["/etc/passwd", "../../outside", "deep/../../outside"])
def test_a_link_that_leads_outside_is_refused(place: Place, repository: Repository, to: str) -> None:
    (repository.work / "link").symlink_to(to)
    repository.commit(a_py="one", deep__b_py="two")

    status = place.sync().look()

    assert ("refused", "The link 'link' in it leads outside the DAG directory.") == (status.state, status.reason)
    assert set() == place.versions


def test_a_link_within_is_kept(place: Place, repository: Repository) -> None:
    (repository.work / "link.py").symlink_to("deep/b.py")
    commit = repository.commit(deep__b_py="two")

    place.sync().look()

    assert "two" == (place.root / commit / "dags" / "link.py").read_text()


def test_a_rewritten_history_is_followed(place: Place, repository: Repository) -> None:
    base = repository.commit(a_py="base")
    repository.commit(a_py="one")
    sync = place.sync()
    sync.look()
    repository.git("reset", "-q", "--hard", base)
    rewritten = repository.commit(a_py="other")
    sync.look()

    assert rewritten == place.current


def test_a_branch_that_goes_back_is_followed_and_not_checked_again(place: Place, repository: Repository) -> None:
    first = repository.commit(a_py="one")
    sync = place.sync()
    sync.look()
    second = repository.commit(a_py="two")
    sync.look()
    repository.git("push", "-q", "--force", "origin", f"{first}:main")
    sync.look()

    assert first == place.current
    assert [first, second] == place.checked


def test_of_two_commits_between_two_looks_the_newest_is_published(place: Place, repository: Repository) -> None:
    sync = place.sync()
    repository.commit(a_py="one")
    newest = repository.commit(a_py="two")
    sync.look()

    assert {newest} == place.versions


def test_a_broken_commit_is_refused_and_the_last_good_one_stays(
    place: Place, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    good = repository.commit(a_py="one")
    sync = place.sync()
    sync.look()
    bad = repository.commit(a_py="broken")
    sync.look()
    sync.look()
    found = status_of(place)

    assert good == place.current == found["current"]
    assert ("refused", bad) == (found["state"], found["candidate"])
    assert [{"file": "a.py", "error": "ModuleNotFoundError: No module named 'x'"}] == found["findings"]
    assert [good, bad] == place.checked
    assert 1 == capsys.readouterr().err.count(f"refused {bad}: a.py: ModuleNotFoundError")


@pytest.mark.parametrize("depth", [0, 1])
def test_where_nothing_is_current_the_newest_commit_that_is_good_is_published(
    place: Place, repository: Repository, depth: int
) -> None:
    """A new pod has to start, also while the newest commit is broken."""
    repository.commit(a_py="older")
    good = repository.commit(a_py="good")
    repository.commit(a_py="broken")
    bad = repository.commit(a_py="broken too")
    sync = place.sync(depth=depth)
    sync.look()
    found = status_of(place)
    again = sync.look()

    assert good == place.current == found["current"]
    assert ("refused", bad, "refused") == (found["state"], found["candidate"], again.state)
    assert 3 == len(place.checked)


def test_the_commit_that_mends_it_is_published(place: Place, repository: Repository) -> None:
    sync = place.sync()
    repository.commit(a_py="broken")
    sync.look()
    mended = repository.commit(a_py="fine")

    assert ("current", "", "") == (sync.look().state, sync.status.candidate, sync.status.reason)
    assert mended == place.current


def test_a_restart_checks_nothing_again(place: Place, repository: Repository) -> None:
    good = repository.commit(a_py="one")
    place.sync().look()
    place.sync().look()
    bad = repository.commit(a_py="broken")
    place.sync().look()

    assert "refused" == place.sync().look().state
    assert [good, bad] == place.checked


def test_a_check_that_came_to_no_end_is_made_again_later(place: Place, repository: Repository) -> None:
    commit = repository.commit(a_py="one")
    sync = place.sync()
    verdict = state.Verdict(passed=False, reason="It did not end.", lasting=False, at=time.time())
    sync._check = lambda _: verdict
    sync.look()
    soon = sync.look().reason
    state.remember(str(place.root), commit, verdict=state.Verdict(passed=False, lasting=False, at=time.time() - 3600))
    sync._check = place.check

    assert "It did not end." == soon
    assert "current" == sync.look().state


def test_a_check_that_takes_the_sync_along_is_not_made_again_at_once(place: Place, repository: Repository) -> None:
    good = repository.commit(a_py="good")
    repository.commit(a_py="takes all the memory there is")
    sync = place.sync()
    sync._check = lambda _: os._exit(9)
    child = os.fork()
    if not child:
        sync.look()
    assert 9 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    status = place.sync().look()

    assert ("refused", good) == (status.state, place.current)
    assert "dags.git.resources" in status.reason


def test_a_check_that_somebody_ends_says_nothing_of_the_commit(place: Place, repository: Repository) -> None:
    commit = repository.commit(a_py="one")
    sync = place.sync()

    def ended(_: str) -> state.Verdict:
        raise KeyboardInterrupt

    sync._check = ended
    with pytest.raises(KeyboardInterrupt):
        sync.look()

    assert ("current", commit) == (place.sync().look().state, place.current)


def test_other_packages_ask_for_another_check(place: Place, repository: Repository) -> None:
    repository.commit(a_py="broken")
    place.sync().look()
    sync = place.sync()
    sync._image = "another"
    sync.look()

    assert 2 == len(place.checked)


def test_a_vanished_remote_is_named_and_its_return_is_noted(
    place: Place, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    good = repository.commit(a_py="one")
    sync = place.sync()
    sync.look()
    repository.vanish()
    gone = sync.look()
    sync.look()
    repository.come_back()
    back = sync.look()
    said = capsys.readouterr().err

    assert "unreachable" == gone.state
    assert "ended with exit status 128: fatal: '" in gone.reason
    assert "does not appear to be a git repository." in gone.reason
    assert good == gone.current == place.current
    assert ("current", "") == (back.state, back.reason)
    assert (1, 1) == (said.count("unreachable: "), said.count("back: "))


@pytest.mark.parametrize("what", [{"branch": "nope"}, {"tag": "v9"}])
def test_what_the_remote_does_not_have_is_named(place: Place, repository: Repository, what: dict[str, str]) -> None:
    repository.commit(a_py="one")
    status = place.sync(**what).look()

    assert "refused" == status.state
    assert f"The repository {repository.url} has no {' '.join(*what.items())}." == status.reason


def test_an_empty_repository_is_named(place: Place) -> None:
    assert place.sync().look().reason.endswith("has no HEAD.")


def test_what_a_killed_sync_left_is_removed_and_made_again(place: Place, repository: Repository) -> None:
    commit = repository.commit(a_py="one")
    half = place.root / f".{commit}.partial" / "deep"
    half.mkdir(parents=True)
    (half / "a.py").write_text("on")
    half.chmod(0o555)
    (place.root / ".git-store").mkdir()
    (place.root / ".git-store" / "HEAD").write_text("half")

    place.sync().look()

    assert commit == place.current
    assert "one" == (place.root / commit / "dags" / "a.py").read_text()
    assert not list(place.root.glob(".*.partial"))


@pytest.mark.parametrize("name", ["shallow.lock", "refs/dagship/tip.lock", "packed-refs.lock", "HEAD.lock"])
def test_locks_of_a_killed_git_do_not_stay_in_the_way(place: Place, repository: Repository, name: str) -> None:
    repository.commit(a_py="one")
    sync = place.sync()
    sync.look()
    (place.root / ".git-store" / name).write_text("")
    (place.root / ".git-store" / "of-this-store").write_text("")
    commit = repository.commit(a_py="two")

    assert ("current", commit) == (sync.look().state, place.current)
    assert (place.root / ".git-store" / "of-this-store").exists(), "all of it was fetched again"


def test_a_store_that_lost_objects_is_fetched_anew(place: Place, repository: Repository) -> None:
    repository.commit(a_py="one")
    sync = place.sync(depth=0)
    sync.look()
    for path in (place.root / ".git-store" / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"")
    commit = repository.commit(a_py="two")
    sync.look()

    assert ("current", commit) == (sync.look().state, place.current)


def test_readers_only_ever_see_whole_versions(place: Place, repository: Repository) -> None:
    """Each version has two files with the same text; a reader compares them all the while."""
    sync = place.sync(keep=1)
    repository.commit(a_py="0", b_py="0")
    sync.look()
    wrong: list[str] = []
    looked, done = [0], threading.Event()

    def read() -> None:
        while not done.is_set():
            version = place.current
            try:
                texts = {(place.root / version / "dags" / name).read_text() for name in ("a.py", "b.py")}
            except FileNotFoundError:
                if version == place.current:  # else it was removed, two versions later
                    wrong.append(f"{version} is current and not whole")
                continue
            if len(texts) != 1 or not (place.root / "current" / "dags" / "a.py").exists():
                wrong.append(f"{version}: {texts}")
            looked[0] += 1

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(1, 6):
            repository.commit(a_py=str(number), b_py=str(number))
            sync.look()
    finally:
        done.set()
        reader.join()

    assert not wrong
    assert looked[0] > 20


def test_the_files_of_a_version_are_newer_than_what_was_read_before_it(place: Place, repository: Repository) -> None:
    """Airflow looks at a file again when it is newer than its last look, and a check takes a while."""
    commit = repository.commit(a_py="one")
    sync = place.sync()
    checked_at = []

    def check(directory: str) -> state.Verdict:
        os.utime(Path(directory) / "dags" / "a.py", (1, 1))
        checked_at.append(time.time())
        return state.Verdict(passed=True)

    sync._check = check
    sync.look()

    assert (place.root / commit / "dags" / "a.py").stat().st_mtime >= checked_at[0] - 0.1


def commits(place: Place, repository: Repository, count: int, **settings: object) -> list[str]:
    sync = place.sync(**settings)
    made = []
    for number in range(count):
        made.append(repository.commit(a_py=str(number)))
        sync.look()
    return made


def test_old_versions_go_and_the_newest_stay(place: Place, repository: Repository) -> None:
    made = commits(place, repository, 5, keep=2)

    assert set(made[-2:]) == place.versions


def test_versions_that_runs_are_pinned_to_stay(place: Place, repository: Repository) -> None:
    first = repository.commit(a_py="first")
    place.sync().look()
    place.runs = Runs(0, frozenset({first}))
    made = commits(place, repository, 4, keep=2)

    assert {first, *made[-2:]} == place.versions


def test_nothing_is_removed_while_the_runs_cannot_be_asked_for(place: Place, repository: Repository) -> None:
    def ask() -> Runs:
        raise CannotAsk("The database is away.")

    place.ask = ask
    made = commits(place, repository, 4, keep=2)

    assert set(made) == place.versions


def test_nobody_is_asked_while_there_is_nothing_to_remove(place: Place, repository: Repository) -> None:
    asked = []
    place.ask = lambda: asked.append(1) or Runs(0, frozenset())  # type: ignore[func-returns-value]
    commits(place, repository, 3, keep=3)

    assert [] == asked


def test_a_refused_version_goes_too(place: Place, repository: Repository) -> None:
    good = repository.commit(a_py="one")
    sync = place.sync()
    sync.look()
    repository.commit(a_py="broken")
    sync.look()

    assert {good} == place.versions


def test_it_holds_while_runs_are_in_progress_and_publishes_afterwards(
    place: Place, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    first = repository.commit(a_py="one")
    sync = place.sync(hold=True)
    place.runs = Runs(2, frozenset())
    sync.look()  # nothing is current yet, so nothing runs on it
    second = repository.commit(a_py="two")
    held = sync.look()
    place.runs = Runs(1, frozenset())
    sync.look()
    still = place.current
    pause = sync.pause()
    place.runs = Runs(0, frozenset())
    sync.look()

    assert ("held", second, "2 DAG runs are in progress.") == (held.state, held.candidate, held.reason)
    assert (first, second) == (still, place.current)
    assert 30.0 == pause
    assert 1 == capsys.readouterr().err.count("held ")


def test_it_holds_when_the_runs_cannot_be_asked_for(place: Place, repository: Repository) -> None:
    def ask() -> Runs:
        raise CannotAsk("The database is away.")

    first = repository.commit(a_py="one")
    sync = place.sync(hold=True)
    sync.look()
    repository.commit(a_py="two")
    place.ask = ask

    assert ("held", "The database is away.") == (sync.look().state, sync.status.reason)
    assert first == place.current


def test_status_says_what_is_known(place: Place, repository: Repository) -> None:
    sync = place.sync(branch="main")
    starting = status_of(place)
    commit = repository.commit(a_py="one")
    sync.look()
    found = status_of(place)

    assert ("starting", "", "") == (starting["state"], starting["current"], starting["looked_at"])
    assert {
        "schema": 1, "state": "current", "current": commit, "candidate": "", "reason": "", "findings": [],
        "url": repository.url, "ref": "branch main",
    }.items() <= found.items()  # fmt: skip
    assert {"published_at", "since", "looked_at"} <= found.keys()
    assert str(found["published_at"]).startswith("20")
    assert 0o644 == (place.root / "status.json").stat().st_mode & 0o777


def test_a_state_keeps_the_moment_that_it_began(place: Place, repository: Repository) -> None:
    repository.commit(a_py="one")
    sync = place.sync()
    sync.look()
    sync._reporter.status = replace(sync.status, since="2026-01-01T00:00:00Z")
    sync.look()

    assert "2026-01-01T00:00:00Z" == status_of(place)["since"]


def test_a_volume_that_cannot_be_written_is_no_end(place: Place, repository: Repository) -> None:
    repository.commit(a_py="one")
    sync = place.sync()
    (place.root / ".records").write_text("in the way")

    assert ("refused", "The volume cannot be used: File exists.") == (sync.look().state, sync.status.reason)


def test_a_pinned_commit_is_fetched_and_what_is_current_stays(place: Place, repository: Repository) -> None:
    old = repository.commit(a_py="old")
    repository.commit(a_py="between")
    newest = repository.commit(a_py="newest")
    place.sync().look()

    obtain.obtain(place.settings, old, limit=60)

    assert "old" == (place.root / old / "dags" / "a.py").read_text()
    assert newest == place.current
    assert [newest] == place.checked


def test_a_pinned_commit_comes_with_the_history_where_the_server_gives_none_by_name(
    place: Place, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagship.inside.versions.git import program

    monkeypatch.setattr(program, "CONFIGURATION", program.CONFIGURATION + "[protocol]\n version = 0\n")
    old = repository.commit(a_py="old")
    repository.commit(a_py="newest")
    place.sync().look()

    obtain.obtain(place.settings, old, limit=60)

    assert "old" == (place.root / old / "dags" / "a.py").read_text()


def test_a_commit_that_exists_nowhere_is_one_sentence(place: Place, repository: Repository) -> None:
    repository.commit(a_py="x")

    with pytest.raises(obtain.Failed, match=f"has no commit {'0' * 40} in HEAD"):
        obtain.obtain(place.settings, "0" * 40, limit=60)


def test_a_second_process_waits_for_the_lock_no_longer_than_it_may(place: Place, repository: Repository) -> None:
    commit = repository.commit(a_py="x")

    with (
        store.lock(str(place.root), obtain.LOCK, until=0),
        pytest.raises(store.Busy),
    ):
        obtain.obtain(place.settings, commit, limit=0.2)
