"""What stays out of an image, and by which line."""

import os
import sys
from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.image import present
from dagship.image.tree import reader
from tests.builders.dag_directory import read, refusal


def test_histories_and_caches_are_left_out(dags: Path) -> None:
    before = read(dags).version
    for name in (".git/config", "__pycache__/a.pyc", "helpers/__pycache__/b.pyc", ".venv/x.py", ".ipynb_checkpoints/y"):
        (dags / name).parent.mkdir(exist_ok=True)
        (dags / name).write_text("x")

    assert before == read(dags).version


@pytest.mark.parametrize("git", ["directory", "file"])
def test_the_top_of_a_repository_is_a_dag_directory_without_what_tools_leave_there(tmp_path: Path, git: str) -> None:
    for name in ("dag.py", "lib/words.py", "requirements/dags.in", ".github/workflows/ci.yml", "node_modules/a/b.js",
                 "web/node_modules/a/b.js", "env/pyvenv.cfg", "env/lib/x.py", ".tox/x.py", ".nox/x.py", ".cache/x",
                 ".envrc", ".env.prod", ".dagship/image.json", "dagship.toml", "lib/__pycache__/a.pyc",
                 ".git/config" if git == "directory" else ".git"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("import airflow\n")
    (tmp_path / "node_modules" / "link").symlink_to("/")
    found = read(tmp_path / ".")

    assert [file.path for file in found.files] == [
        ".github/workflows/ci.yml", "dag.py", "lib/words.py", "requirements/dags.in",
    ]  # fmt: skip
    assert present.left_out(found) == (
        "left out, since it may hold passwords: .env.prod, .envrc",
        "left out, since it is an environment with packages: env",
    )


def test_airflows_own_ignore_file_ships(dags: Path) -> None:
    (dags / ".airflowignore").write_text("helpers\n")

    assert ".airflowignore" in [file.path for file in read(dags).files]


def test_patterns_come_from_the_ignore_file_and_the_setting(dags: Path) -> None:
    (dags / "notes.md").write_text("x")
    (dags / "data.csv").write_text("x")
    (dags / "keep.csv").write_text("x")
    (dags / ".dockerignore").write_text("*.csv\n!keep.csv\n")

    assert [file.path for file in read(dags, "*.md").files] == ["a.py", "helpers/b.py", "keep.csv"]


def test_a_link_that_is_ignored_may_lead_anywhere(dags: Path, tmp_path: Path) -> None:
    (dags / ".venv").symlink_to(tmp_path)
    (dags / "gone").symlink_to("nowhere")

    assert ["a.py", "helpers/b.py"] == [file.path for file in read(dags, "gone").files]


def test_files_that_may_hold_passwords_are_left_out(dags: Path) -> None:
    for name in (".env", "dagship.toml", "my [pip]!.conf"):
        (dags / name).write_text("secret")
    patterns = reader.patterns_of(dags, [dags / "my [pip]!.conf", dags.parent / "elsewhere.pem"])

    assert ["a.py", "helpers/b.py"] == [file.path for file in read(dags, *patterns).files]


def test_a_wrong_pattern_is_refused(dags: Path) -> None:
    with pytest.raises(UsageError, match="pattern"):
        read(dags, "!")


def test_an_unreadable_ignore_file_is_refused(dags: Path) -> None:
    (dags / ".dockerignore").write_bytes(b"\xff\xfe")

    with pytest.raises(UsageError, match="dockerignore cannot be read") as refused:
        read(dags)

    assert "remove" not in refused.value.hint, "what it leaves out would be in the image"


def test_the_lines_of_the_ignore_file_mean_what_they_mean_to_docker(dags: Path) -> None:
    """Not to git, which would leave out `more/notes.md` as well: here a pattern is about the whole path."""
    (dags / "more").mkdir()
    for name in ("notes.md", "more/notes.md", "helpers/notes.md", "helpers/keep.sql", "helpers/drop.sql"):
        (dags / name).write_text("x")
    (dags / ".dockerignore").write_text("*.md\nhelpers\n!helpers/keep.sql\n!helpers/notes.md\n")

    assert ["a.py", "helpers/keep.sql", "helpers/notes.md", "more/notes.md"] == [file.path for file in read(dags).files]


def test_what_no_image_should_hold_does_not_come_back_by_the_ignore_file_and_does_by_the_setting(dags: Path) -> None:
    (dags / ".venv").mkdir()
    (dags / ".venv" / "x.py").write_text("x")
    (dags / ".env.example").write_text("x")
    (dags / ".dockerignore").write_text("*\n!**/*.py\n!.env*\n")
    without = [file.path for file in read(dags).files]

    assert ["a.py", "helpers/b.py"] == without
    assert [".env.example", *without] == [file.path for file in read(dags, "!.env.example").files]


def test_links_in_a_directory_that_is_left_out_but_for_something_in_it_may_lead_anywhere(dags: Path) -> None:
    (dags / "data").mkdir()
    (dags / "data" / "keep.csv").write_text("x")
    (dags / "data" / "out").symlink_to("/etc/hostname")
    (dags / "data" / "circle").symlink_to("circle")
    (dags / ".dockerignore").write_text("data\n!**/keep.csv\n")

    assert ["a.py", "data/keep.csv", "helpers/b.py"] == [file.path for file in read(dags).files]


def test_files_with_an_environment_stay_out_and_it_is_said(dags: Path) -> None:
    for name in (".env", ".envrc", ".env.prod", "helpers/.env-local"):
        (dags / name).write_text("secret")
    (dags / ".env.test").write_text("x")
    (dags / ".dockerignore").write_text(".env.test\n")
    tree = read(dags)

    assert ["a.py", "helpers/b.py"] == [file.path for file in tree.files]
    assert present.left_out(tree) == (
        "left out, since it may hold passwords: .env, .env.prod, .envrc, helpers/.env-local",
    )


@pytest.mark.parametrize("mark", ["pyvenv.cfg", "conda-meta/history"])
def test_an_environment_with_packages_stays_out_under_any_name_and_it_is_said(dags: Path, mark: str) -> None:
    (dags / "helpers" / "env" / "bin").mkdir(parents=True)
    (dags / "helpers" / "env" / mark).parent.mkdir(exist_ok=True)
    (dags / "helpers" / "env" / mark).write_text("")
    (dags / "helpers" / "env" / "bin" / "python").symlink_to(sys.executable)
    tree = read(dags)

    assert ["a.py", "helpers/b.py"] == [file.path for file in tree.files]
    assert present.left_out(tree) == ("left out, since it is an environment with packages: helpers/env",)


def test_a_directory_that_is_an_environment_itself_is_refused_as_one(dags: Path) -> None:
    (dags / "pyvenv.cfg").write_text("")
    (dags / "zlink").symlink_to(sys.executable)

    assert "is an environment with packages itself" in refusal(dags)


def test_many_that_are_left_out_are_counted(dags: Path) -> None:
    for number in range(7):
        (dags / f".env.{number}").write_text("")

    assert present.left_out(read(dags))[0].endswith(".env.4 and 2 more")


def test_an_ignore_file_that_is_a_pipe_or_a_device_is_refused_and_not_read(dags: Path) -> None:
    os.mkfifo(dags / ".dockerignore")
    pipe = refusal(dags)
    (dags / ".dockerignore").unlink()
    (dags / ".dockerignore").symlink_to("/dev/zero")

    for message in (pipe, refusal(dags)):
        assert ".dockerignore cannot be read: it is no regular file" in message


def test_an_ignore_file_without_end_is_refused(dags: Path) -> None:
    with (dags / ".dockerignore").open("wb") as file:
        file.truncate(10**12)

    assert "more than 16777216 bytes" in refusal(dags)


def test_an_ignore_file_that_is_a_link_out_of_the_directory_is_refused_and_not_shown(
    dags: Path, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("password secret[\n")
    (dags / ".dockerignore").symlink_to(tmp_path / "netrc")

    message = refusal(dags)

    assert message == f"{dags}/.dockerignore is a link that leads outside {dags}."


def test_an_ignore_file_may_be_a_link_to_another_in_the_directory(dags: Path) -> None:
    (dags / "helpers" / "ignored").write_text("helpers\n")
    (dags / ".dockerignore").symlink_to("helpers/ignored")

    assert [file.path for file in read(dags).files] == ["a.py"]


def test_a_line_of_the_ignore_file_that_is_no_pattern_is_named_by_its_number(dags: Path) -> None:
    (dags / ".dockerignore").write_text("*.csv\npassword secret[\n")

    assert refusal(dags) == f"{dags}/.dockerignore: line 2 is no pattern: it has a '[' that is no set of characters."


@pytest.mark.parametrize("pattern", ["*a*a*a*ab", "**/a/**/a/**/a/**/b"])
def test_a_pattern_of_the_setting_with_too_many_stars_is_refused(dags: Path, pattern: str) -> None:
    with pytest.raises(UsageError, match="has too many stars"):
        read(dags, pattern)


def test_a_dag_directory_that_is_a_conda_environment_itself_is_refused(dags: Path) -> None:
    (dags / "conda-meta").mkdir()
    (dags / "conda-meta" / "history").write_text("")

    assert "conda-meta is in it" in refusal(dags)
