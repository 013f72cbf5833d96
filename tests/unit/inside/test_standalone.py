"""The programs as they lie where they run: the folders that are copied there, in a package of another name, and no more.

Left out: the program that serves DAG versions, which imports Airflow.
"""

import ast
import json
import subprocess
import sys
from pathlib import Path

import packaging
import pytest

from dagship.resources import copy_programs, resource
from dagship.verify import verifier

# What imports all modules of a package, and says which others than Python's own that took.
IMPORT = """
import importlib, json, os, sys
place, package, *others = sys.argv[1:]
sys.path[:0] = [place]
sys.path += others
top = os.path.join(place, package)
for directory, _, files in os.walk(top):
    for name in files:
        if name.endswith(".py") and name != "__main__.py":
            path = os.path.relpath(os.path.join(directory, name), place)[:-3].replace(os.sep, ".")
            importlib.import_module(path[:-9] if path.endswith(".__init__") else path)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names - {"__main__"})))
"""


def imported(place: Path, package: str, *others: str) -> list[str]:
    argv = [sys.executable, "-I", "-S", "-B", "-c", IMPORT, str(place), package, *others]
    found: list[str] = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
    return found


@pytest.mark.parametrize(
    ("folders", "also"),
    [
        (("shared", "tools"), []),
        (("shared", "tools", "own_packages", "resolve"), ["packaging"]),
        (("shared", "tools", "own_packages", "install"), []),
        (("shared", "tools", "base"), []),
        (("shared", "install_pytest"), []),
        (("prepare",), []),
    ],
)
def test_a_program_of_a_build_needs_the_folders_that_are_copied_and_no_more(
    tmp_path: Path, folders: tuple[str, ...], also: list[str]
) -> None:
    copy_programs(tmp_path / "inside", *folders)

    others = [str(Path(packaging.__file__).parents[1])] if also else []
    assert imported(tmp_path, "inside", *others) == sorted(["inside", *also])


def test_the_test_of_an_image_needs_the_standard_library_and_has_one_name_of_its_own(tmp_path: Path) -> None:
    for name, content in verifier.program().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)

    names = [path.name for path in (tmp_path / "inside").iterdir()]
    assert ["dagship_inside"] == names == imported(tmp_path / "inside", "dagship_inside")


def test_a_program_is_started_from_any_directory_and_finds_nothing_that_lies_there(tmp_path: Path) -> None:
    copy_programs(tmp_path / "dagship" / "inside", "shared", "tools")
    (tmp_path / "elsewhere").mkdir()
    for name in ("shared.py", "tools.py", "subprocess.py"):
        (tmp_path / "elsewhere" / name).write_text("raise SystemExit('the wrong one')")

    argv = [sys.executable, "-B", str(tmp_path / "dagship" / "inside"), "tools.main"]
    ended = subprocess.run(argv, cwd=tmp_path / "elsewhere", capture_output=True, text=True, check=False)

    assert "IndexError" in ended.stderr  # it lacks its argument, and was reached


@pytest.mark.parametrize("path", sorted(resource("inside").rglob("*.py")), ids=lambda path: path.name)
def test_what_runs_inside_is_python_3_9(path: Path) -> None:
    ast.parse(path.read_text("utf-8"), feature_version=(3, 9))
