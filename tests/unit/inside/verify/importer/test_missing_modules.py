"""What is found out about a module that an import did not find."""

from pathlib import Path

import pytest

from dagship.inside.verify.importer.missing_modules import missing


def traceback(line: str, module: str) -> str:
    return f'Traceback (most recent call last):\n  File "/d/dag.py", line 1, in <module>\n    {line}\nModuleNotFoundError: No module named {module!r}\n'


def test_a_module_that_lies_deeper_in_the_tree_is_named_with_its_places_the_nearest_first(tmp_path: Path) -> None:
    for place in ("z/helpers", "a/b"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "a" / "b" / "helpers.py").write_text("")

    assert missing(traceback("import helpers", "helpers"), str(tmp_path), str(tmp_path)) == {
        "name": "helpers",
        "asked": "helpers",
        "installed": "",
        "tree": ["z/helpers", "a/b/helpers.py"],
        "without": "",
    }


def test_a_name_that_begins_with_the_trees_own_directory_is_given_without_it(tmp_path: Path) -> None:
    (tmp_path / "common").mkdir()
    found = missing(traceback("from dags.common.db import connect", "dags"), str(tmp_path), str(tmp_path))

    assert found is not None
    assert (found["name"], found["asked"], found["without"]) == ("dags", "dags.common.db", "common.db")


def test_a_package_of_that_name_that_is_installed_is_told(tmp_path: Path) -> None:
    found = missing(traceback("from json.nothing import x", "json.nothing"), str(tmp_path), str(tmp_path))

    assert found is not None
    assert found["installed"].endswith("json/__init__.py")


def test_only_the_last_exception_counts(tmp_path: Path) -> None:
    text = traceback("import helpers", "helpers")

    assert (
        missing(f"{text}\nDuring handling of the above exception:\n\nKeyError: 'x'\n", str(tmp_path), str(tmp_path))
        is None
    )
    assert missing("KeyError: 'x'\n", str(tmp_path), str(tmp_path)) is None


def test_what_is_included_is_of_the_tree_and_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dagship_included").mkdir()
    (tmp_path / "dagship_included" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    text = traceback("from dagship_included.gone import x", "dagship_included.gone")

    found = missing(text, str(tmp_path / "dags"), str(tmp_path))

    assert found is not None
    assert (found["installed"], found["tree"]) == ("", ["dagship_included"])
