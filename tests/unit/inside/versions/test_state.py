"""What is remembered of versions, and which of them may go."""

from pathlib import Path

import pytest

from dagship.inside.versions import state
from dagship.inside.versions.state import Finding, Record, Verdict

REFUSED = Verdict(
    passed=False,
    reason="1 DAG file cannot be imported.",
    findings=(Finding("dag.py", "KeyError: 'x'"),),
    notes=(Finding("other.py", "Variable x"),),
    lasting=False,
    at=12.5,
    image="3.3.2",
)


@pytest.fixture
def root(tmp_path: Path) -> str:
    for version in ("a", "b", "c", "d"):
        (tmp_path / version).mkdir()
    return str(tmp_path)


def test_what_was_written_is_read_again_and_a_change_keeps_the_rest(root: str) -> None:
    state.remember(root, "a", made_of="dags dags", verdict=REFUSED)

    assert state.remember(root, "a", published=3.0) == state.read(root, "a")
    assert state.read(root, "a") == Record(version="a", made_of="dags dags", published=3.0, verdict=REFUSED)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": "a"}', '{"version": "a", "verdict": 3}'])
def test_a_record_that_cannot_be_read_is_an_empty_one(root: str, text: str) -> None:
    state.remember(root, "a", published=3.0)
    (Path(root) / ".records" / "a.json").write_text(text)

    assert state.read(root, "a") == Record("a")


def test_the_current_version_and_those_published_last_are_kept(root: str) -> None:
    for version, published in (("a", 4.0), ("b", 1.0), ("c", 3.0)):
        state.remember(root, version, published=published)
    (Path(root) / "CURRENT").write_text("b")

    assert state.last_published(root) == 4.0
    assert sorted(state.removable(root, keep=1)) == ["c", "d"]
    assert state.removable(root, keep=2) == ["d"]


def test_records_of_versions_that_are_gone_are_dropped_once_there_are_very_many(root: str) -> None:
    for number in range(203):
        state.remember(root, f"gone-{number:03}")
    state.remember(root, "a")
    state.forget(root)

    assert len(list((Path(root) / ".records").glob("gone-*"))) == 200
    assert (Path(root) / ".records" / "a.json").exists()
