"""`.dagship/`: whole or not at all."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.model.artifacts import BuiltBase
from dagship.workspace import Workspace

BASE = BuiltBase(reference="a:1", id="sha256:1", airflow="3.3.2")


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.write("base", BASE)

    assert workspace.read("base", BuiltBase) == BASE


def test_nothing_there_is_none(tmp_path: Path) -> None:
    assert Workspace(tmp_path).read("base", BuiltBase) is None


def test_a_broken_file_is_one_sentence(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.write("base", BASE).write_text('{"reference": ')

    with pytest.raises(UsageError, match="cannot be read"):
        workspace.read("base", BuiltBase)


def test_git_does_not_see_it(tmp_path: Path) -> None:
    Workspace(tmp_path).write("base", BASE)

    assert (tmp_path / ".dagship" / ".gitignore").read_text() == "*\n"


def test_a_failed_write_keeps_the_old_text_and_leaves_no_other_file(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    path = workspace.write("base", BASE)
    before = path.read_text()

    with pytest.raises(UnicodeEncodeError):
        workspace.write_text(path, "half \ud800")

    assert before == path.read_text()
    assert [file.name for file in path.parent.iterdir() if file.name != ".gitignore"] == ["base.json"]


def test_a_cache_that_cannot_be_made_names_its_place(tmp_path: Path) -> None:
    (tmp_path / ".dagship").mkdir()
    (tmp_path / ".dagship" / "cache").write_text("a file")

    with pytest.raises(UsageError, match=r"\.dagship/cache/bases cannot be written: Not a directory"):
        Workspace(tmp_path).cache("bases")


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".dagship").write_text("a file")

    with pytest.raises(UsageError, match="cannot be written"):
        Workspace(tmp_path).write("base", BASE)


@pytest.mark.parametrize(
    "link", [".dagship", ".dagship/base.json", ".dagship/cache", ".dagship/cache/bases", ".dagship/cache/pytest/a/b"]
)
def test_a_link_is_neither_read_nor_written_through(tmp_path: Path, link: str) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    (project / link).parent.mkdir(parents=True)
    outside.mkdir()
    (outside / "base.json").write_text(BASE.model_dump_json())
    (project / link).symlink_to(outside / "base.json" if link.endswith(".json") else outside)
    workspace = Workspace(project)

    for use in (
        lambda: workspace.read("base", BuiltBase),
        lambda: workspace.cache("bases"),
        lambda: workspace.cache("pytest"),
        lambda: workspace.write("base", BASE),
        lambda: workspace.forget("base"),
    ):
        with pytest.raises(UsageError, match=rf"{link} is a link"):
            use()
    assert ["base.json"] == [path.name for path in outside.iterdir()]


def test_forgetting_twice_is_no_error(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.write("base", BASE)
    workspace.forget("base")
    workspace.forget("base")

    assert workspace.read("base", BuiltBase) is None


def test_tasks_that_begin_at_once_in_a_fresh_project_all_get_their_place(tmp_path: Path) -> None:
    for turn in range(50):
        root = tmp_path / str(turn)
        root.mkdir()
        together = threading.Barrier(4)

        def begin(root: Path = root, together: threading.Barrier = together) -> bool:
            together.wait()
            return Workspace(root).cache("bases").is_dir()

        with ThreadPoolExecutor(4) as tasks:
            assert [True] * 4 == [each.result() for each in [tasks.submit(begin) for _ in range(4)]]
        assert "*\n" == (root / ".dagship" / ".gitignore").read_text()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / ".dagship").write_text("a file is in the way")

    with pytest.raises(UsageError, match=r"\.dagship cannot be written"):
        Workspace(tmp_path).cache("bases")
