"""The walk through a DAG directory: links, limits, and what no image can hold."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.image.tree import walk
from dagship.image.tree.ignored import Rules
from tests.builders.dag_directory import DAG, LIMIT, read, refusal


def test_a_link_inside_is_embedded_as_what_it_leads_to(dags: Path) -> None:
    (dags / "alias.py").symlink_to("a.py")
    (dags / "again").symlink_to("helpers")

    files = {file.path: file.content for file in read(dags).files}

    assert DAG.encode() == files["alias.py"]
    assert files["again/b.py"] == b"x = 1\n"


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
        "from dagship import errors\nfrom dagship.image.tree import reader\n"
        "if os.getuid() == 0: os.setgid(65534), os.setuid(65534)\n"
        "try: reader.read(pathlib.Path(sys.argv[1]), ignore=(), max_file_size=1000)\n"
        "except errors.UsageError as refused: print(refused.message)\n"
    )
    for directory in (dags, *dags.parents):  # pytest's own directories are closed to others
        if directory.stat().st_uid == os.getuid() and directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o055)

    said = subprocess.run([sys.executable, "-c", program, str(dags)], capture_output=True, text=True, check=True)

    assert f"'{name}" in said.stdout
    assert "Permission denied" in said.stdout


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


@pytest.mark.parametrize(("more", "named"), [({}, True), ({"what": "package"}, False)])
def test_only_where_dags_are_read_another_directory_is_advised(dags: Path, more: dict[str, str], named: bool) -> None:
    (dags / "/".join("d" * 150)).mkdir(parents=True)

    with pytest.raises(UsageError) as refused:
        list(walk.Walk(dags, Rules(dags, ()), LIMIT, **more).files())
    assert ("--dags" in refused.value.hint) is named
    assert ".dockerignore" in refused.value.hint


def test_a_pointer_of_git_lfs_is_refused(dags: Path) -> None:
    oid = "oid sha256:" + "0" * 64
    (dags / "data.parquet").write_text(f"version https://git-lfs.github.com/spec/v1\n{oid}\nsize 12345\n")

    assert "'data.parquet' is a pointer of Git LFS" in refusal(dags)
    assert ["a.py", "helpers/b.py"] == [file.path for file in read(dags, "*.parquet").files]


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


def test_a_link_that_cannot_be_followed_for_another_reason_is_no_circle(dags: Path) -> None:
    (dags / "long").symlink_to("x" * 300)

    assert "'long' cannot be read: File name too long" in refusal(dags)


def test_directories_that_stay_out_whole_are_told_for_whoever_shows_the_rest(dags: Path) -> None:
    for name in (".git/config", "node_modules/a/b.js", "own/pyvenv.cfg", "drafts/c.py", "drafts/kept.py", ".env"):
        (dags / name).parent.mkdir(parents=True, exist_ok=True)
        (dags / name).write_text("")
    (dags / ".venv").symlink_to("/nowhere")

    assert sorted(read(dags, "drafts/").closed) == [".git", "drafts", "node_modules", "own"]
