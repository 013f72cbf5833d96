"""A DAG directory as a whole: one that is none, and one without a DAG."""

from pathlib import Path

from tests.builders.dag_directory import LIMIT, read, refusal


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "nowhere")


def test_a_file_in_place_of_a_directory_is_refused(dags: Path) -> None:
    assert "is not a directory" in refusal(dags / "a.py")


def test_an_empty_directory_is_refused(tmp_path: Path) -> None:
    assert "is empty" in refusal(tmp_path)


def test_a_directory_without_a_dag_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("airflow dag")
    (tmp_path / "util.py").write_text("x = 1")

    assert "can hold a DAG" in refusal(tmp_path)


def test_a_small_limit_for_one_file_is_none_for_all_of_them(dags: Path) -> None:
    for number in range(30):
        (dags / f"data{number}").write_bytes(b"x" * LIMIT)

    assert len(read(dags).files) == 32


def test_a_directory_whose_files_are_all_left_out_is_not_called_empty(dags: Path) -> None:
    (dags / ".dockerignore").write_text("*\n")

    assert "are left out" in refusal(dags)
