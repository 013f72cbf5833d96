"""What a local Airflow gets of a project, as far as that is known without an engine."""

from pathlib import Path

import pytest

from dagship import settings_sources
from dagship.errors import UsageError
from dagship.pipeline import local
from dagship.pipeline.project import Project
from dagship.terminal.console import Console

DAG = "from airflow import DAG\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "flows/a.py": DAG,
        "flows/.venv/pyvenv.cfg": "",
        "lib/include/b.py": "",
        "lib/words.py": "",
        "plugins/c.py": "",
        "config/airflow.cfg": "",
        "dagship.toml": 'dags = "flows"\ninclude = ["lib/include", "lib/words.py"]\nplugins = "plugins"\n',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def project(root: Path, **flags: str) -> Project:
    return Project(root=root, settings=settings_sources.load(root, flags), console=Console())


def test_it_is_what_the_settings_name(root: Path) -> None:
    found = local.sources(project(root, config="config"))

    assert (found.dags, found.link, found.closed) == (root / "flows", "flows", (".venv",))
    assert found.beside == {"include": root / "lib" / "include", "words.py": root / "lib" / "words.py"}
    assert found.modules == {"words.py"}
    assert (found.plugins, found.config, found.has_airflow_cfg) == (root / "plugins", root / "config", True)
    assert found.owner == root.stat().st_uid


def test_what_a_build_refuses_is_refused(root: Path) -> None:
    with pytest.raises(UsageError, match="gone, which does not exist"):
        local.sources(project(root, include="gone"))
    with pytest.raises(UsageError, match="gone, which does not exist"):
        local.sources(project(root, plugins="gone"))
