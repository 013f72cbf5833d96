"""What DAGs import from outside of their directory."""

import pytest

from dagship.init import imports
from tests.builders.listings import listing


@pytest.mark.parametrize(
    ("line", "files", "found"),
    [
        ("from include.sql import x", ["include/sql.py", "unused/x.py"], ["include"]),
        ("  import tools", ["tools.py"], ["tools.py"]),
        ("from company import y", ["src/company/y.py"], ["src/company"]),
        ("from src.company import y", ["src/company/y.py"], ["src"]),
        ("from company import y", ["company/y.py", "src/company/y.py"], ["company"]),
        ("from own import z", ["own/z.py", "dags/own.py"], []),
        ("from includes import z", ["include/z.py"], []),
        ("from sql import z", ["sql/z.sql"], []),
        ("from plugins.a import b\nimport config", ["plugins/a.py", "config/x.py"], ["config", "plugins"]),
        ("from src.a import b\nfrom a import c", ["src/a/b.py"], ["src"]),
        ("from dags.helpers import x", ["dags/helpers.py"], []),
    ],
)
def test_it_is_what_their_code_names_and_what_has_python_in_it(line: str, files: list[str], found: list[str]) -> None:
    assert imports.outside(listing({"dags/a.py": line}, *files), "dags") == tuple(found)


def test_what_is_imported_brings_what_it_imports_itself() -> None:
    files = {
        "dags/a.py": "import one",
        "one/x.py": "from two import y",
        "two.py": "import one",
        "three.py": "import two",
    }

    assert imports.outside(listing(files), "dags") == ("one", "two.py")


def test_a_directory_called_airflow_is_not_airflow() -> None:
    assert not imports.outside(listing({"airflow/dags/a.py": "from airflow import DAG"}), "airflow/dags")


def test_dags_at_the_root_have_all_of_it() -> None:
    assert not imports.outside(listing({"a.py": "import b", "b.py": ""}), ".")
