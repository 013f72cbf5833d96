"""Modules beside the DAG directory: found by whoever has that directory in `sys.path`, and by nobody else."""

import importlib
import importlib.util
import sys
from pathlib import Path

import pytest

from dagship.image.tree import archive
from dagship.inside import versions
from dagship.inside.versions import finder


@pytest.fixture
def version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A version below a root that is served, whose DAG directory is in `sys.path`."""
    version = tmp_path / "3f9c2a71d0b4"
    for name in ("dags/dagship_same.py", "dagship_same.py", "dagship_include/__init__.py", "dagship_include/words.py",
                 "dagship_plain/deep/words.py", "dagship_alone.py", "json/__init__.py"):  # fmt: skip
        (version / name).parent.mkdir(parents=True, exist_ok=True)
        (version / name).write_text(f"WORD = {name!r}\n")
    (version / "dagship_flows").symlink_to("dags")
    monkeypatch.setattr(finder, "_ROOTS", {str(tmp_path)})
    monkeypatch.setattr(sys, "path", [*sys.path, str(version / "dags")])
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setattr(
        sys, "modules", {**sys.modules, "dagship_versions": versions, "dagship_versions.finder": finder}
    )
    exec(archive.START)
    return version


@pytest.mark.parametrize(
    ("module", "file"),
    [
        ("dagship_include", "dagship_include/__init__.py"),
        ("dagship_include.words", "dagship_include/words.py"),
        ("dagship_plain.deep.words", "dagship_plain/deep/words.py"),
        ("dagship_alone", "dagship_alone.py"),
        ("dagship_same", "dags/dagship_same.py"),
        ("dagship_flows.dagship_same", "dags/dagship_same.py"),
    ],
)
@pytest.mark.usefixtures("version")
def test_a_module_is_found_by_its_name_in_the_version(module: str, file: str) -> None:
    assert importlib.import_module(module).WORD == file


@pytest.mark.usefixtures("version")
def test_what_python_finds_elsewhere_goes_first() -> None:
    assert not hasattr(importlib.import_module("json"), "WORD")


@pytest.mark.usefixtures("version")
def test_what_is_in_no_version_is_not_found() -> None:
    assert importlib.util.find_spec("dagship_nowhere") is None


def test_nothing_is_found_without_the_dag_directory_in_the_path(version: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path[:-1], str(version), str(version / "dags" / "deep")])
    monkeypatch.setattr(finder, "_ROOTS", {"/opt/airflow/dag-versions"})

    assert importlib.util.find_spec("dagship_nowhere") is None
    assert finder.find("dagship_include") is None


def test_a_package_without_a_file_keeps_its_place_when_the_path_changes(version: Path) -> None:
    package = importlib.import_module("dagship_plain")
    (version.parent / "other" / "dagship_plain").mkdir(parents=True)
    sys.path.insert(0, str(version.parent / "other"))

    assert list(package.__path__) == [str(version / "dagship_plain")]


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/opt/airflow/dag-versions/3f9c/dags", "/opt/airflow/dag-versions/3f9c"),
        ("/opt/airflow/dag-versions/3f9c/dags/", "/opt/airflow/dag-versions/3f9c"),
        ("/opt/airflow/dag-versions/3f9c/dags/deep", ""),
        ("/opt/airflow/dag-versions/3f9c", ""),
        ("/opt/airflow/dag-versions/a/b/dags", ""),
        ("/opt/airflow/dags", ""),
        ("/srv/dags-of-git/current/dags", "/srv/dags-of-git/current"),
        ("/dags", ""),
        ("dags", ""),
        ("", ""),
    ],
)
def test_a_version_is_known_by_where_it_lies(path: str, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSHIP_SYNC_ROOT", "/srv/dags-of-git/")

    assert finder.version_of(path) == version


@pytest.mark.parametrize("path", ["/x/dags", "dags", "/dags"])
def test_no_root_that_is_named_serves_no_other(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSHIP_SYNC_ROOT", "")

    assert finder.version_of(path) == ""


def test_a_bundle_of_another_root_has_that_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finder, "_ROOTS", set())
    finder.serve("/srv/mine/")

    assert finder.version_of("/srv/mine/3f9c/dags") == "/srv/mine/3f9c"


def test_a_python_without_such_a_path_reads_no_file_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setattr(sys, "path", [path for path in sys.path if not path.endswith("/dags")])
    exec(archive.START)

    assert importlib.util.find_spec("sitecustomize_of_nobody") is None
    assert "dagship_versions" not in sys.modules
