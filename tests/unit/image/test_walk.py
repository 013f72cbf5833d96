"""The DAG tree: what goes in, what decides the version id, and what is refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.image import context, present, walk
from dagship.image.tree import Tree

DAG = "from airflow import DAG\n"
LIMIT = 1000


@pytest.fixture
def dags(tmp_path: Path) -> Path:
    root = tmp_path / "dags"
    (root / "helpers").mkdir(parents=True)
    (root / "a.py").write_text(DAG)
    (root / "helpers" / "b.py").write_text("x = 1\n")
    return root


def read(dags: Path, *ignore: str) -> Tree:
    return context.read(dags, ignore=ignore, max_file_size=LIMIT)


def refusal(dags: Path) -> str:
    with pytest.raises(UsageError) as refused:
        read(dags)
    assert "\n" not in refused.value.message
    return refused.value.message


def test_files_are_sorted_and_relative(dags: Path) -> None:
    assert [file.path for file in read(dags).files] == ["a.py", "helpers/b.py"]


def test_the_version_id_is_that_of_the_documented_rule(dags: Path) -> None:
    # docs/reference/image.md gives the rule; this is it by hand.
    import hashlib

    expected = hashlib.sha256(b"a.py\0-\x0024\0" + DAG.encode() + b"helpers/b.py\0-\x006\0x = 1\n").hexdigest()[:12]

    assert expected == read(dags).version


def test_place_and_time_do_not_enter_the_version(dags: Path, tmp_path: Path) -> None:
    before = read(dags).version
    os.utime(dags / "a.py", (1, 1))
    moved = dags.rename(tmp_path / "elsewhere")

    assert before == read(moved).version


@pytest.mark.parametrize("change", ["content", "name", "executable", "more"])
def test_every_change_of_the_tree_changes_the_version(dags: Path, change: str) -> None:
    before = read(dags).version
    match change:
        case "content":
            (dags / "a.py").write_text(DAG + "#\n")
        case "name":
            (dags / "a.py").rename(dags / "c.py")
        case "executable":
            (dags / "a.py").chmod(0o755)
        case _:
            (dags / "empty").write_text("")

    assert before != read(dags).version


def test_histories_and_caches_are_left_out(dags: Path) -> None:
    before = read(dags).version
    for name in (".git/config", "__pycache__/a.pyc", "helpers/__pycache__/b.pyc", ".venv/x.py", ".ipynb_checkpoints/y"):
        (dags / name).parent.mkdir(exist_ok=True)
        (dags / name).write_text("x")

    assert before == read(dags).version


def test_airflows_own_ignore_file_ships(dags: Path) -> None:
    (dags / ".airflowignore").write_text("helpers\n")

    assert ".airflowignore" in [file.path for file in read(dags).files]


def test_patterns_come_from_the_ignore_file_and_the_setting(dags: Path) -> None:
    (dags / "notes.md").write_text("x")
    (dags / "data.csv").write_text("x")
    (dags / "keep.csv").write_text("x")
    (dags / ".dockerignore").write_text("*.csv\n!keep.csv\n")

    assert [file.path for file in read(dags, "*.md").files] == ["a.py", "helpers/b.py", "keep.csv"]


def test_a_link_inside_is_embedded_as_what_it_leads_to(dags: Path) -> None:
    (dags / "alias.py").symlink_to("a.py")
    (dags / "again").symlink_to("helpers")

    files = {file.path: file.content for file in read(dags).files}

    assert DAG.encode() == files["alias.py"]
    assert files["again/b.py"] == b"x = 1\n"


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "nowhere")


def test_a_file_in_place_of_a_directory_is_refused(dags: Path) -> None:
    assert "is not a directory" in refusal(dags / "a.py")


def test_an_empty_directory_is_refused(tmp_path: Path) -> None:
    assert "is empty" in refusal(tmp_path)


def test_a_directory_without_a_dag_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("airflow dag")
    (tmp_path / "util.py").write_text("x = 1")

    assert "can hold a DAG" in refusal(tmp_path)


def test_a_link_that_leads_outside_is_refused(dags: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text(DAG)
    (dags / "out.py").symlink_to(tmp_path / "secret.py")

    assert "leads outside" in refusal(dags)


def test_a_link_to_a_neighbour_of_the_same_prefix_is_outside(dags: Path) -> None:
    (dags.parent / "dags-old").mkdir()
    (dags / "old").symlink_to(dags.parent / "dags-old")

    assert "leads outside" in refusal(dags)


def test_a_link_to_itself_is_refused(dags: Path) -> None:
    (dags / "loop").symlink_to("loop")

    assert "in a circle" in refusal(dags)


def test_a_link_to_a_directory_above_is_refused(dags: Path) -> None:
    (dags / "helpers" / "up").symlink_to("..")

    assert "leads back" in refusal(dags)


def test_a_link_that_leads_nowhere_is_refused(dags: Path) -> None:
    (dags / "gone.py").symlink_to("missing.py")

    assert "leads nowhere" in refusal(dags)


def test_an_editors_lock_file_which_is_a_link_to_nowhere_stops_nothing(dags: Path) -> None:
    before = read(dags).version
    (dags / ".#first.py").symlink_to("somebody@machine.1234:1700000000")

    assert read(dags).version == before


def test_a_file_over_the_limit_is_refused_with_both_numbers(dags: Path) -> None:
    (dags / "big.csv").write_bytes(b"x" * (LIMIT + 1))

    message = refusal(dags)

    assert "'big.csv' has 1001 bytes" in message
    assert "1000" in message


def test_a_name_that_is_not_utf8_is_refused(dags: Path) -> None:
    Path(os.fsdecode(os.fsencode(dags) + b"/caf\xe9.py")).write_text(DAG)

    assert "is not UTF-8" in refusal(dags)


def test_a_pipe_is_refused_and_not_read(dags: Path) -> None:
    os.mkfifo(dags / "pipe")

    assert "neither a file nor a directory" in refusal(dags)


@pytest.mark.parametrize("name", ["a.py", "helpers"])
def test_what_cannot_be_read_is_refused(dags: Path, name: str) -> None:
    (dags / name).chmod(0)
    program = (
        "import os, sys, pathlib, pathspec\n"  # imported as root: the other user may not read where it lies
        "from dagship import errors\nfrom dagship.image import context\n"
        "if os.getuid() == 0: os.setgid(65534), os.setuid(65534)\n"
        "try: context.read(pathlib.Path(sys.argv[1]), ignore=(), max_file_size=1000)\n"
        "except errors.UsageError as refused: print(refused.message)\n"
    )
    for directory in (dags, *dags.parents):  # pytest's own directories are closed to others
        if directory.stat().st_uid == os.getuid() and directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o055)

    said = subprocess.run([sys.executable, "-c", program, str(dags)], capture_output=True, text=True, check=True)

    assert f"'{name}" in said.stdout
    assert "Permission denied" in said.stdout


def test_a_link_that_is_ignored_may_lead_anywhere(dags: Path, tmp_path: Path) -> None:
    (dags / ".venv").symlink_to(tmp_path)
    (dags / "gone").symlink_to("nowhere")

    assert ["a.py", "helpers/b.py"] == [file.path for file in read(dags, "gone").files]


def test_files_that_may_hold_passwords_are_left_out(dags: Path) -> None:
    for name in (".env", "dagship.toml", "my [pip]!.conf"):
        (dags / name).write_text("secret")
    patterns = context.patterns_of(dags, [dags / "my [pip]!.conf", dags.parent / "elsewhere.pem"])

    assert ["a.py", "helpers/b.py"] == [file.path for file in read(dags, *patterns).files]


def test_a_wrong_pattern_is_refused(dags: Path) -> None:
    with pytest.raises(UsageError, match="pattern"):
        read(dags, "!")


def test_an_unreadable_ignore_file_is_refused(dags: Path) -> None:
    (dags / ".dockerignore").write_bytes(b"\xff\xfe")

    assert ".dockerignore cannot be read" in refusal(dags)


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


def test_a_small_limit_for_one_file_is_none_for_all_of_them(dags: Path) -> None:
    for number in range(30):
        (dags / f"data{number}").write_bytes(b"x" * LIMIT)

    assert len(read(dags).files) == 32


def test_links_do_not_multiply_files_without_end(dags: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "_ALWAYS_ALLOWED", LIMIT)
    (dags / "data").write_bytes(b"x" * LIMIT)
    for number in range(20):
        (dags / f"again{number}").symlink_to("data")

    assert f"more than {20 * LIMIT} bytes together" in refusal(dags)


def test_links_do_not_multiply_directories_without_end(dags: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "_MOST_ENTRIES", 1000)
    (dags / "helpers" / "b.py").write_text("")
    above = dags / "helpers"
    for number in range(8):
        (next_one := dags / f"level{number}").mkdir()
        for name in "abc":
            (next_one / name).symlink_to(above)
        above = next_one

    assert "more than 1000 files and directories" in refusal(dags)


def test_directories_deep_in_one_another_are_refused(dags: Path) -> None:
    """A thousand ended in a traceback; the tests' own clearing up fails there too."""
    (dags / "/".join("d" * 150)).mkdir(parents=True)

    assert "more than 100 directories deep" in refusal(dags)


def test_a_pointer_of_git_lfs_is_refused(dags: Path) -> None:
    oid = "oid sha256:" + "0" * 64
    (dags / "data.parquet").write_text(f"version https://git-lfs.github.com/spec/v1\n{oid}\nsize 12345\n")

    assert "'data.parquet' is a pointer of Git LFS" in refusal(dags)
    assert ["a.py", "helpers/b.py"] == [file.path for file in read(dags, "*.parquet").files]


def test_a_worktrees_file_that_names_its_history_does_not_enter_the_version(dags: Path) -> None:
    before = read(dags).version
    (dags / ".git").write_text("gitdir: /somewhere/.git/worktrees/one\n")

    assert before == read(dags).version


@pytest.mark.parametrize("name", ["dags/common", "dags"])
def test_a_submodule_that_was_not_fetched_is_refused(tmp_path: Path, name: str) -> None:
    """As git leaves it in a clone without --recurse-submodules."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitmodules").write_text(f'[submodule "one"]\n\tpath = {name}\n\turl = https://git.example/x\n')
    (tmp_path / name).mkdir(parents=True)
    if name != "dags":
        (tmp_path / "dags" / "a.py").write_text(DAG)
        (tmp_path / "dags" / "empty").mkdir()
        assert ["a.py"] == [file.path for file in read(tmp_path / "dags", "common/").files]

    assert "is not fetched" in refusal(tmp_path / "dags")


def test_a_submodule_of_a_submodule_counts_too(dags: Path) -> None:
    (dags / "helpers" / ".gitmodules").write_text('[submodule "x"]\npath = "deep er"\nurl = y\n')
    (dags / "helpers" / "deep er").mkdir()

    assert "The submodule 'helpers/deep er' is not fetched" in refusal(dags)


def test_submodules_that_cannot_be_read_are_none(dags: Path) -> None:
    (dags / ".gitmodules").write_text("path = 1\n[[[\n")
    (dags / "empty").mkdir()

    assert ".gitmodules" in [file.path for file in read(dags).files]


def test_a_directory_whose_files_are_all_left_out_is_not_called_empty(dags: Path) -> None:
    (dags / ".dockerignore").write_text("*\n")

    assert "are left out" in refusal(dags)


def test_a_link_that_cannot_be_followed_for_another_reason_is_no_circle(dags: Path) -> None:
    (dags / "long").symlink_to("x" * 300)

    assert "'long' cannot be read: File name too long" in refusal(dags)


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
