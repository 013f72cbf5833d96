"""What an image holds beside its DAGs."""

import base64
import hashlib
import zlib
from pathlib import Path

from dagship.inside.verify.importer import contents


def test_a_text_is_packed_and_one_that_is_too_long_is_not() -> None:
    assert zlib.decompress(base64.b64decode(contents.packed("a DAG"))) == b"a DAG"
    assert contents.packed("x" * (contents.MOST_TEXT + 1)) == ""


def test_files_of_the_tree_are_named_from_the_dag_directory_and_bytecode_is_none(tmp_path: Path) -> None:
    for name in ("dags/sales.py", "dags/sql/load.sql", "shared/lib.py", "dags/__pycache__/sales.pyc", "dags/old.pyc"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "dags" / "gone.py").symlink_to("nowhere")
    found = contents.files(str(tmp_path / "dags"), str(tmp_path))

    assert found == {
        name: hashlib.sha256(path.encode()).hexdigest()
        for name, path in {
            "sales.py": "dags/sales.py",
            "sql/load.sql": "dags/sql/load.sql",
            "../shared/lib.py": "shared/lib.py",
        }.items()
    }


def test_modules_are_named_alike() -> None:
    assert contents.imported(["/v/shared/lib.py", "/v/dags/a/b.py"], "/v/dags") == ["../shared/lib.py", "a/b.py"]


def test_packages_are_known_by_the_names_of_their_directories_the_first_of_each_name(tmp_path: Path) -> None:
    for name in (
        "first/apache_airflow-3.3.2.dist-info",
        "first/Zope.X-1.0-py3.egg-info",
        "second/apache.airflow-2.0.dist-info",
    ):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "first" / "attrs").mkdir()

    assert contents.packages([str(tmp_path / "first"), str(tmp_path / "second"), str(tmp_path / "gone")]) == {
        "apache-airflow": "3.3.2",
        "zope-x": "1.0",
    }


def test_what_is_reached_by_a_link_is_named_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "pipelines").symlink_to("dags")
    (tmp_path / "dags/helper.py").write_text("")

    assert contents.imported([f"{tmp_path}/pipelines/helper.py"], f"{tmp_path}/dags") == ["helper.py"]
    assert contents.imported([f"{tmp_path}/dags/__pycache__/helper.cpython-312.pyc"], f"{tmp_path}/dags") == []
