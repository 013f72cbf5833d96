"""What revisions the tables of an Airflow are to have, read from its files."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.machine import ROOT

_FILE = ROOT / "k8s/chart/files/migrated.py"
_FIRST = '"""One."""\n\nrevision = "a1"\ndown_revision = None\n'
_SECOND = "revision: str = 'b2'\ndown_revision: str | None = 'a1'\n"
_MERGED = 'revision = "d4"\ndown_revision = (\n    "b2",\n    "c3",\n)\ndepends_on = None\n'


@pytest.fixture
def migrated() -> ModuleType:
    spec = importlib.util.spec_from_file_location("migrated", _FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tree(site: Path, *, versions: dict[str, str], managers: bool = True, **providers: str) -> Path:
    """Makes an Airflow with these migrations, and one of each provider."""
    folder = site / "airflow/migrations/versions"
    folder.mkdir(parents=True)
    (site / "airflow/__init__.py").write_text("raise AssertionError('imported')\n")
    for name, text in versions.items():
        (folder / f"{name}.py").write_text(text)
    if managers:
        (site / "airflow/utils").mkdir()
        (site / "airflow/utils/db_manager.py").touch()
    for name, text in providers.items():
        folder = site / f"airflow/providers/{name}/migrations/versions"
        folder.mkdir(parents=True)
        (folder / "0001.py").write_text(text)
    return site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place that Python looks in first, and a home of Airflow without settings."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.mark.parametrize(
    ("texts", "heads"),
    [
        ([_FIRST], {"a1"}),
        ([_FIRST, _SECOND], {"b2"}),
        ([_SECOND, _FIRST, 'revision = "c3"\ndown_revision = "a1"\n'], {"b2", "c3"}),
        ([_FIRST, _SECOND, 'revision = "c3"\ndown_revision = "a1"\n', _MERGED], {"d4"}),
        (["def upgrade():\n    revision = 'x'\n"], set()),
    ],
)
def test_a_head_is_a_revision_that_no_other_builds_on(
    migrated: ModuleType, tmp_path: Path, texts: list[str], heads: set[str]
) -> None:
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.py").write_text(text)

    assert migrated.heads(str(tmp_path)) == heads


def test_providers_with_tables_of_their_own_count_where_airflow_asks_them(migrated: ModuleType, site: Path) -> None:
    tree(site, versions={"1": _FIRST, "2": _SECOND}, fab='revision = "f1"\ndown_revision = None\n')

    assert migrated.expected() == {"alembic_version": {"b2"}, "alembic_version_fab": {"f1"}}


def test_airflow_2_asks_no_provider(migrated: ModuleType, site: Path) -> None:
    tree(site, versions={"1": _FIRST}, managers=False, fab='revision = "f1"\ndown_revision = None\n')

    assert migrated.expected() == {"alembic_version": {"a1"}}


def test_what_is_not_certain_is_left_to_airflow(
    migrated: ModuleType, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert migrated.expected() is None  # there is no Airflow
    tree(site, versions={"1": _FIRST})
    assert migrated.expected() == {"alembic_version": {"a1"}}

    (site / "home").mkdir()
    settings = site / "home/airflow.cfg"
    settings.write_text("[database]\n# external_db_managers = a.B\nexternal_db_managers = \n")
    assert migrated.expected() is not None
    settings.write_text("[database]\nexternal_db_managers = a.B\n")
    assert migrated.expected() is None
    settings.unlink()

    for name in ("AIRFLOW__DATABASE__EXTERNAL_DB_MANAGERS", "AIRFLOW__DATABASE__EXTERNAL_DB_MANAGERS_CMD"):
        monkeypatch.setenv(name, "a.B")
        assert migrated.expected() is None
        monkeypatch.delenv(name)

    about = site / "theirs-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Name: theirs\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[apache_airflow_provider]\nprovider_info = theirs:info\n")
    assert migrated.expected() is None


def test_a_revision_that_is_written_otherwise_is_no_head_so_nothing_is_certain(
    migrated: ModuleType, site: Path
) -> None:
    tree(site, versions={"1": "revision = make()\ndown_revision = None\n"})

    assert migrated.expected() is None
