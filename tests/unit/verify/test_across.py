"""Findings that take all files of a tree: DAGs that share an id, and those that Airflow does not see."""

from dagship.verify.observation import (
    SeenDag,
    SeenLost,
)
from tests.builders.observations import ROOT, dag, earlier, file, image, judged, only


def test_a_dag_id_of_two_files_is_reported_with_both() -> None:
    found = only(image(file("a.py", dags=(dag("sales", 5),)), file("b.py", dags=(dag("sales", 9),))))

    assert (found.kind, found.file, found.line) == ("duplicate-dag-id", "b.py", 9)
    assert "a.py, line 5" in found.message


def test_a_dag_that_a_file_imports_from_another_is_told_to_be_that() -> None:
    made = SeenDag(id="sales", line=5, origin=f"{ROOT}/b.py")
    found = only(image(file("a.py", dags=(made.model_copy(update={"line": 2}),)), file("b.py", dags=(made,))))

    assert (found.kind, found.file, found.line) == ("duplicate-dag-id", "a.py", 2)
    assert "imports the DAG 'sales' of b.py" in found.message


def test_a_dag_that_a_helper_makes_for_two_files_is_a_duplicate() -> None:
    made = SeenDag(id="sales", line=0, origin=f"{ROOT}/factory.py")

    assert "is also in a.py" in only(image(file("a.py", dags=(made,)), file("b.py", dags=(made,)))).message


def test_a_lost_dag_is_an_error_alone_and_a_warning_beside_another() -> None:
    lost = SeenLost(id="sales", line=4)

    assert only(image(file(lost=(lost,)), file("b.py", dags=(dag("b"),)))).severity == "error"
    assert only(image(file(lost=(lost,), dags=(dag("other"),)))).severity == "warning"


def test_a_dag_that_another_file_takes_from_where_it_is_made_is_not_lost() -> None:
    registry = file("registry.py", lost=(SeenLost(id="sales", line=4),))

    assert judged(image(registry, file("main.py", dags=(dag("sales"),)))) == []


def test_a_function_that_another_file_makes_its_dag_of_is_called() -> None:
    uncalled = SeenLost(id="sales", line=4, name="sales")

    assert only(image(file(uncalled=(uncalled,)), file("b.py", dags=(dag("b"),)))).kind == "lost-dag"
    assert judged(image(file(uncalled=(uncalled,)), file("b.py", dags=(dag("sales"),)))) == []


def test_the_same_dag_id_in_two_versions_is_no_duplicate() -> None:
    one = file(dags=(dag("sales"),))

    assert judged(image(one, earlier=(earlier(one),))) == []
    assert [
        found.version for found in judged(image(one, earlier=(earlier(one, file("b.py", dags=(dag("sales"),))),)))
    ] == ["a81e07c455f2"]
