"""Where the DAGs are."""

import pytest

from dagship.init import dag_directory
from tests.builders.listings import DAG, listing


@pytest.mark.parametrize(
    ("files", "directory"),
    [
        (["dags/a.py"], "dags"),
        (["airflow/dags/a.py", "airflow/dags/team/b.py"], "airflow/dags"),
        (["src/company/dags/a.py"], "src/company/dags"),
        (["a.py", "team/b.py"], "."),
        (["pipelines/a.py", "pipelines/team/b.py"], "pipelines"),
        (["one/a.py", "two/b.py"], "."),
        (["dags/a.py", "a.py"], "dags"),
    ],
)
def test_the_directory_is_the_one_called_dags_or_what_all_dag_files_lie_in(files: list[str], directory: str) -> None:
    found = dag_directory.find(listing({}, *files))

    assert found is not None
    assert found.path == directory


def test_of_several_called_dags_the_fullest_is_taken_and_the_others_are_named() -> None:
    found = dag_directory.find(listing({}, "old/dags/a.py", "new/dags/a.py", "new/dags/b.py"))

    assert found == dag_directory.Dags(path="new/dags", files=("new/dags/a.py", "new/dags/b.py"), others=("old/dags",))


@pytest.mark.parametrize("path", ["tests/dags/a.py", "plugins/a.py", "include/dags/a.py", "docs/a.py"])
def test_tests_plugins_and_the_like_are_no_dags(path: str) -> None:
    assert dag_directory.find(listing({}, path)) is None


def test_a_file_elsewhere_has_to_make_a_dag_and_one_in_dags_only_to_speak_of_it() -> None:
    speaks = "from airflow.models import Variable  # for a dag"

    assert dag_directory.find(listing({"a.py": speaks})) is None
    assert dag_directory.find(listing({"dags/a.py": speaks})) is not None
    assert dag_directory.find(listing({"a.py": "import airflow.sdk as af\n@af.dag\ndef made(): ..."})) is not None
    assert dag_directory.find(listing({"a.txt": DAG})) is None
