"""What is written and said of a repository."""

import tomllib

import pytest

from dagship.errors import UsageError
from dagship.init import plan
from tests.builders.listings import listing

DEFAULT = "3.3.2"


def test_a_directory_of_dags_gets_settings_and_a_file_of_requirements() -> None:
    found = plan.plan(listing({"Dockerfile": "FROM apache/airflow:3.1.8\nRUN make"}, "dags/a.py"), DEFAULT)

    assert set(found.texts) == {"dagship.toml", "requirements/dags.in"}
    assert tomllib.loads(found.texts["dagship.toml"]) == {"dags": "dags", "airflow": "3.1.8"}
    assert "Airflow 3.1.8, by Dockerfile:1." in found.saw
    assert [(one.where, one.what) for one in found.left] == [("Dockerfile:2", "RUN make")]


def test_where_no_airflow_is_named_none_is_written_and_that_is_said() -> None:
    found = plan.plan(listing({"Dockerfile": "FROM apache/airflow:latest"}, "dags/a.py"), DEFAULT)

    assert "airflow" not in tomllib.loads(found.texts["dagship.toml"])
    assert any("Dockerfile:1 has 'latest'" in one and "3.3.2 is taken" in one for one in found.saw)


def test_another_version_and_one_that_is_too_old_are_said() -> None:
    files = {"Dockerfile": "FROM apache/airflow:2.7.3", "requirements.txt": "apache-airflow==2.8.0"}
    found = plan.plan(listing(files, "dags/a.py"), DEFAULT)

    assert "requirements.txt:1 names Airflow 2.8.0, which is not taken." in found.saw
    assert any("not tested with 2.7.3" in one for one in found.saw)


def test_an_image_that_is_not_airflows_own_is_told_first() -> None:
    astro = plan.plan(
        listing({"Dockerfile": "FROM quay.io/astronomer/astro-runtime:12.6.0\nRUN a"}, "dags/a.py"), DEFAULT
    )
    other = plan.plan(listing({"Dockerfile": "FROM example.com/ours:1"}, "dags/a.py"), DEFAULT)

    assert "airflow version" in astro.left[0].instead
    assert "name it as base" in other.left[0].instead


def test_a_dockerfile_further_down_counts_where_it_is_of_airflow() -> None:
    files = {"docker/Dockerfile": "FROM apache/airflow:3.1.8\nRUN a", "web/Dockerfile": "FROM nginx\nRUN b"}

    assert [one.where for one in plan.plan(listing(files, "dags/a.py"), DEFAULT).left] == ["docker/Dockerfile:2"]


def test_a_repository_without_dags_is_refused_in_one_sentence() -> None:
    with pytest.raises(UsageError, match="No file here makes a DAG"):
        plan.plan(listing({"README.md": ""}), DEFAULT)


def test_a_workflow_that_is_not_known_is_refused() -> None:
    assert plan.ci("gitlab")[0] == ".gitlab-ci.yml"
    with pytest.raises(UsageError, match="no workflow"):
        plan.ci("jenkins")
