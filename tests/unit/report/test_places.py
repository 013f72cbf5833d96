"""Paths from the repository's root: of DAG files, of what lies beside them, of tests; and none that leaves it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagship.report.places import Places

PLACES = Places(
    dags="pipelines/dags", beside={"tables": "src/tables", "one.py": "lib/one.py"}, tests="tests", project="pipelines"
)


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("sales.py", "pipelines/dags/sales.py"),
        ("team/sales.py", "pipelines/dags/team/sales.py"),
        ("tables/orders.sql", "src/tables/orders.sql"),
        ("one.py", "lib/one.py"),
        ("test_a.py::test_x[1]", "tests/test_a.py"),
        ("../../../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "pipelines/dags/etc/passwd"),
    ],
)
def test_a_file_has_its_path_in_the_repository(file: str, path: str) -> None:
    assert path == PLACES.of(file)


def test_the_root_may_be_the_dag_directory() -> None:
    assert Places().of("sales.py") == "sales.py"
    assert Places().of_image == "dagship.toml"
    assert PLACES.of_image == "pipelines/dagship.toml"


@given(st.text(alphabet="./a\\ \0é"))
def test_no_name_of_a_file_leads_out_of_the_repository(file: str) -> None:
    path = PLACES.of(file)

    assert not path.startswith("/")
    assert ".." not in path.split("/")
