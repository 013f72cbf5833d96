"""Finding the Python that runs Airflow, by the shell program that runs in the image."""

import subprocess
import sys
from pathlib import Path

import pytest

from dagship import probe

PROGRAM = "import sys; print('ran', sys.argv[0])"


def find(path: Path, *, shell: str = "/bin/sh", options: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{path}:/usr/bin:/bin"}
    return subprocess.run(
        [shell, "-c", probe.FIND_PYTHON, "sh", PROGRAM, options], env=environment, capture_output=True, text=True
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with an interpreter that says that it was the one."""
    interpreter = tmp_path / "python-of-airflow"
    interpreter.write_text(f'#!/bin/sh\necho chosen\nexec {sys.executable} "$@"\n')
    interpreter.chmod(0o755)
    return tmp_path


def command(place: Path, text: str) -> None:
    (place / "airflow").write_text(text)
    (place / "airflow").chmod(0o755)


def test_the_first_line_of_the_command_names_it(place: Path) -> None:
    command(place, f"#!{place}/python-of-airflow\nprint('not run')\n")

    assert "chosen\nran -c\n" == find(place).stdout


def test_it_may_go_through_env(place: Path) -> None:
    command(place, "#!/usr/bin/env python-of-airflow\n")

    assert "chosen\nran -c\n" == find(place).stdout


def test_it_may_be_pips_way_around_long_paths(place: Path) -> None:
    command(place, f"#!/bin/sh\n'''exec' \"{place}/python-of-airflow\" \"$0\" \"$@\"\n' '''\nimport sys\n")

    assert "chosen\nran -c\n" == find(place).stdout


def test_a_wrapper_of_another_kind_leaves_the_python_in_the_path(place: Path) -> None:
    command(place, "#!/bin/bash\nexec something\n")
    (place / "python3").symlink_to("python-of-airflow")

    assert "chosen\nran -c\n" == find(place).stdout


def test_without_a_command_it_is_the_python_in_the_path(place: Path) -> None:
    (place / "python3").symlink_to("python-of-airflow")

    assert "chosen\nran -c\n" == find(place).stdout


def test_without_any_python_it_fails(tmp_path: Path) -> None:
    shell = "/bin/sh"
    finished = subprocess.run(
        [shell, "-c", probe.FIND_PYTHON, "sh", PROGRAM], env={"PATH": str(tmp_path)}, capture_output=True
    )

    assert 90 == finished.returncode


@pytest.mark.parametrize(
    ("reference", "pinned"),
    [
        ("apache/airflow:3.3.2", "apache/airflow@sha256:1"),
        ("localhost:5000/a/b:1", "localhost:5000/a/b@sha256:2"),
        ("localhost:5000/a/b@sha256:2", "localhost:5000/a/b@sha256:2"),
        ("other:1", "other:1"),
    ],
)
def test_the_digest_of_the_references_own_repository_is_taken(reference: str, pinned: str) -> None:
    digests = ("apache/airflow@sha256:1", "localhost:5000/a/b@sha256:2")

    assert pinned == probe._pinned(reference, digests)


def test_the_program_prints_facts_on_any_python() -> None:
    from dagship.inside import probe as inside

    facts = inside.facts()

    assert sys.executable == facts["python"]
    assert sys.prefix == facts["prefix"]
    assert f"{facts['purelib']}/" in pytest.__file__
    assert {"/opt", facts["purelib"]} <= {entry["path"] for entry in facts["directories"]}  # type: ignore[attr-defined]
    assert "pytest" in facts["packages"]  # type: ignore[operator]


def test_python_is_told_what_else_it_is_told(place: Path) -> None:
    command(place, f"#!{place}/python-of-airflow -u\n")
    (place / "python-of-airflow").write_text('#!/bin/sh\necho "$1" "$2" "$3" "$4"\n')

    assert find(place, options="-I -S").stdout == "-u -I -S -c\n"
