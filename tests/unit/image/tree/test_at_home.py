"""Plugins and configuration: what lies in Airflow's home, and by which variables Airflow finds it."""

from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.image.tree import at_home
from dagship.image.tree.model import Tree


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in ("plugins/deep/link.py", "plugins/.env", "deploy/airflow.cfg", "deploy/webserver_config.py", "file",
                 "empty/__pycache__/a.pyc", "deploy/dag_policies.py", "large/data"):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x" * 20 if name == "large/data" else "x")
    return root


def read(project: Path, plugins: str = "", config: str = "") -> Tree | None:
    directories = {"plugins": Path(plugins) if plugins else None, "config": Path(config) if config else None}
    return at_home.read(project, directories, ignore=(), secret_files=(), max_file_size=10)


def test_each_lies_in_airflows_home_by_the_name_of_its_setting(project: Path) -> None:
    found = read(project, "plugins", "deploy")

    assert found is not None
    assert [file.path for file in found.files] == [
        "config/airflow.cfg", "config/dag_policies.py", "config/webserver_config.py", "plugins/deep/link.py",
    ]  # fmt: skip
    assert found.left_out == (("plugins/.env", "may hold passwords"),)


def test_without_settings_there_is_none(project: Path) -> None:
    assert read(project) is None
    assert at_home.environment(None, airflow="3.3.2") == {}


@pytest.mark.parametrize(("airflow", "section"), [("2.11.2", "WEBSERVER"), ("3.3.2", "FAB")])
def test_airflow_is_told_of_what_it_would_not_look_for_there(project: Path, airflow: str, section: str) -> None:
    both = at_home.environment(read(project, "plugins", "deploy"), airflow=airflow)

    assert both == {
        "AIRFLOW_CONFIG": "/opt/airflow/config/airflow.cfg",
        "AIRFLOW__CORE__PLUGINS_FOLDER": "/opt/airflow/plugins",
        f"AIRFLOW__{section}__CONFIG_FILE": "/opt/airflow/config/webserver_config.py",
    }
    assert at_home.environment(read(project, "plugins"), airflow=airflow) == {
        "AIRFLOW__CORE__PLUGINS_FOLDER": "/opt/airflow/plugins"
    }


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("nowhere", "The setting plugins names nowhere, which does not exist."),
        ("file", "The setting plugins names file, which is no directory."),
        ("../project2", "The setting plugins names ../project2, which lies outside the project."),
        ("empty", "The setting plugins names empty, where no file is that goes into an image."),
        ("large", "'data' has 20 bytes, more than the 10 that max_file_size allows."),
    ],
)
def test_what_cannot_be_taken_is_one_sentence(project: Path, path: str, sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(project, path)

    assert refused.value.message == sentence
