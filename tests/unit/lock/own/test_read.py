"""Packages of the project, found where lines name them."""

from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.lock import freshness, sources
from dagship.lock.own.read import none
from dagship.lock.requirements import Source
from dagship.settings import Settings
from tests.builders.locks import BASE

THERE = freshness.environment(BASE.python_version, BASE.platform)

POETRY = """\
[tool.poetry.dependencies]
six = "*"
ours = { path = "libs/ours", develop = true, extras = ["a"] }
old = { path = "libs/old", python = "<3" }
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for directory in ("libs/ours", "libs/old", "libs/plain", "libs/broken", "libs/latin", "requirements"):
        (root / directory).mkdir(parents=True)
    (root / "libs/ours/pyproject.toml").write_text("")
    (root / "libs/old/setup.py").write_text("")
    (root / "libs/broken/pyproject.toml").write_text("not toml [")
    (root / "libs/latin/pyproject.toml").write_bytes(b"# caf\xe9")
    (root / "libs/file").write_text("")
    (root / "libs/out").symlink_to(tmp_path)
    (tmp_path / "setup.py").write_text("")
    return root


def read(root: Path, name: str, text: str) -> Source:
    (root / name).write_text(text)
    return sources.read(Settings(), root, root / name, name, THERE, lambda path: path.encode())


def test_a_directory_is_named_from_the_projects_and_counts_once_with_all_its_extras(root: Path) -> None:
    text = "pandas\n-e ./libs/ours[a]\n./libs/old ; python_version < '3'\nfile:libs/ours[b]\n-e libs/old\n"

    source = read(root, "requirements/dags.in", text)

    assert [(one.path, one.extras, one.place, one.archive) for one in source.own] == [
        ("libs/ours", ("a", "b"), "requirements/dags.in:2", b"libs/ours"),
        ("libs/old", (), "requirements/dags.in:5", b"libs/old"),
    ]
    assert [line.name for line in source.lines] == ["pandas"]


@pytest.mark.parametrize(
    "text",
    [
        '[project]\nname = "x"\ndependencies = ["ours[a]>=1", "six"]\n[tool.uv.sources]\nours = { path = "libs/ours" }\n',
        '[project]\nname = "x"\ndependencies = ["ours[a] @ file:libs/ours", "six"]\n',
        POETRY,
    ],
)
def test_a_pyproject_names_packages_in_the_ways_of_its_tools(root: Path, text: str) -> None:
    source = read(root, "pyproject.toml", text)

    assert [(one.path, one.extras) for one in source.own] == [("libs/ours", ("a",))]
    assert source.own[0].place.startswith("pyproject.toml:")
    assert [line.name for line in source.lines] == ["six"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("-e ../..", "lies out of the project, and nothing is read there"),
        ("./libs/out", "lies out of the project, and nothing is read there"),
        ("/usr/lib", "lies out of the project, and nothing is read there"),
        ("./libs/absent", "libs/absent is not there"),
        ("./libs/file", "libs/file is a file"),
        ("./libs/plain", "libs/plain is no package: it has neither pyproject.toml nor setup.py"),
        ("./libs/ours ; nonsense", "is no marker"),
        ("./libs/broken", "libs/broken/pyproject.toml cannot be read as TOML: .*at line 1, column 5"),
        ("./libs/latin", "libs/latin/pyproject.toml is not UTF-8"),
    ],
)
def test_what_is_no_package_of_the_project_is_told_with_its_line(root: Path, line: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        read(root, "dags.in", f"pandas\n{line}\n")

    assert caught.value.message.startswith("dags.in:2: ")


def test_a_name_that_no_lock_can_have_is_refused(root: Path) -> None:
    (root / "libs/a b").mkdir()
    (root / "libs/a b/setup.py").write_text("")

    with pytest.raises(UsageError, match="cannot be written into a lock"):
        read(root, "dags.in", "file:libs/a%20b")


def test_who_reads_no_packages_says_so() -> None:
    with pytest.raises(UsageError, match=r"^libs/ours is a package of the project"):
        none("libs/ours")
