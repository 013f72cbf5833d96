"""What kind of repository it is, and what lies beside its DAGs."""

import pytest

from dagship.init import dag_directory, surroundings
from dagship.init.model import Left, Seen
from tests.builders.listings import DAG, listing


def kind(files: dict[str, str], *dags: str) -> str:
    found = listing(files, *(dags or ("dags/a.py",)))
    directory = dag_directory.find(found)
    assert directory is not None
    return surroundings.kind(found, directory)


def beside(files: dict[str, str], *dags: str) -> Seen:
    found = listing(files, *(dags or ("dags/a.py",)))
    directory = dag_directory.find(found)
    assert directory is not None
    return surroundings.beside(found, directory)


def places(left: tuple[Left, ...]) -> list[str]:
    return [one.where for one in left]


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"Dockerfile": "FROM quay.io/astronomer/astro-runtime:12.6.0"}, "an Astro project"),
        ({"airflow_settings.yaml": ""}, "an Astro project"),
        ({"docker-compose.yaml": "image: apache/airflow:3.3.2"}, "the docker-compose layout of Airflow"),
        ({"docker-compose.yaml": "image: postgres"}, "a directory of DAGs"),
        ({"plugins.zip": ""}, "a directory for MWAA"),
        ({"requirements.txt": "--constraint https://example.com/c.txt"}, "a directory for MWAA"),
        ({"Dockerfile": "FROM apache/airflow:3.1.8"}, "a repository with an image of its own, made of apache/airflow"),
        ({"dags/b.py": f"{DAG}open('/home/airflow/gcs/data/x')"}, "a directory for Cloud Composer"),
    ],
)
def test_a_layout_is_known_by_its_files(files: dict[str, str], name: str) -> None:
    assert kind(files) == name


def test_a_package_around_the_dags_and_dags_at_the_root_are_known_by_where_they_lie() -> None:
    assert kind({"company/__init__.py": ""}, "company/dags/a.py") == "DAGs in the Python package company"
    assert kind({}, "a.py") == "a repository with DAGs at its root"


def test_what_mwaa_and_astro_have_beside_the_dags_is_told() -> None:
    files = dict.fromkeys(("plugins.zip", "startup.sh", "airflow_settings.yaml"), "")

    assert places(beside(files, "dags/a.py", "old/dags/a.py").left) == [*files, "old/dags/"]


def test_a_path_of_another_airflow_is_told_once_with_its_line() -> None:
    path = "open('/usr/local/airflow/include/a.sql')\n"
    found = beside({"dags/a.py": f"{DAG}{path}{path}", "dags/b.py": f"{DAG}{path}x = '/opt/airflow/dagsx/'\n"})

    assert [(one.where, one.what) for one in found.left] == [
        ("dags/a.py:5", "a path below /usr/local/airflow, which is not there in the image")
    ]


def test_the_debian_packages_of_an_astro_project_become_a_setting() -> None:
    found = beside({"packages.txt": "git # for dbt\n\n# x\nBad_Name\nlibpq5\n"})

    assert [(one.name, one.value) for one in found.settings] == [("system_packages", ("git", "libpq5"))]
    assert places(found.left) == ["packages.txt:4"]


@pytest.mark.parametrize(
    ("value", "told"), [("${_PIP_ADDITIONAL_REQUIREMENTS:-}", False), ("''", False), ("", False), ("pandas", True),
                        ("${_PIP_ADDITIONAL_REQUIREMENTS:- pandas}", True)]
)  # fmt: skip
def test_additional_requirements_of_the_compose_file_are_told_where_there_are_some(value: str, told: bool) -> None:
    text = f"# airflow\n    _PIP_ADDITIONAL_REQUIREMENTS: {value}\n"

    assert places(beside({"docker-compose.yaml": text}).left) == (["docker-compose.yaml:2"] if told else [])


def test_what_is_told_of_by_itself_or_taken_may_be_copied() -> None:
    found = listing({"requirements.txt": "", "include/a.py": ""}, "dags/a.py")

    assert {"dags", "requirements.txt", "plugins"} <= set(
        surroundings.taken(found, dag_directory.Dags(path="dags", files=()))
    )
