"""What is imported before the forks. Left out: an Airflow."""

from pathlib import Path

import pytest

from dagship.inside.verify.importer import warm_up


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from airflow.sdk import DAG, task", [("airflow.sdk", ("DAG", "task"))]),
        ("from airflow.sdk import (\n    DAG,\n    task as t,\n)", [("airflow.sdk", ("DAG", "task"))]),
        ("import airflow.models", [("airflow.models", ())]),
        (
            "try:\n    from airflow.sdk import DAG\nexcept ImportError:\n    from airflow import DAG",
            [("airflow.sdk", ("DAG",)), ("airflow", ("DAG",))],
        ),
        ("def late():\n    from airflow.sdk import DAG", []),
        ("import airflowish\nfrom helpers import airflow", []),
        ("# from airflow.sdk import DAG", []),
    ],
)  # fmt: skip
def test_what_a_file_asks_of_airflow_at_its_top_is_found(source: str, found: list[tuple[str, tuple[str, ...]]]) -> None:
    assert list(warm_up.imports(source)) == found


def test_a_warm_up_survives_what_cannot_be_read_or_imported(tmp_path: Path) -> None:
    (tmp_path / "dag.py").write_text("import airflow.not_there")

    warm_up.warm_up([str(tmp_path / "dag.py"), str(tmp_path / "nothing.py")])
