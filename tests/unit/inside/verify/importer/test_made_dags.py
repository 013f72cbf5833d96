"""DAGs that a file makes and that Airflow does not see."""

from pathlib import Path
from typing import Any

import pytest

from dagship.inside.verify.importer.made_dags import Made


class Dag:
    def __init__(self, dag_id: str) -> None:
        if dag_id == "broken":
            raise ValueError("no id")
        self.dag_id = dag_id


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    watching = Made()
    watching.watch(Dag)
    yield watching
    del Dag.__new__


def test_a_dag_that_nothing_holds_is_lost_with_its_line(made: Made) -> None:
    Dag("sales")
    line = test_a_dag_that_nothing_holds_is_lost_with_its_line.__code__.co_firstlineno + 1

    assert made.lost(__file__, {}) == [{"id": "sales", "line": line}]
    assert made.lost(__file__, {"sales": None}) == []
    assert made.lost("/another/file.py", {}) == []


def test_a_dag_that_cannot_be_made_is_none(made: Made) -> None:
    with pytest.raises(ValueError, match="no id"):
        Dag("broken")

    assert made.lost(__file__, {}) == []


def test_what_a_file_made_is_forgotten_for_the_next(made: Made) -> None:
    dag = Dag("sales")

    assert made.origin(dag) == __file__
    made.forget()
    assert made.origin(dag) == ""
    assert made.lost(__file__, {}) == []


def test_a_class_that_is_watched_has_the_signature_it_had(made: Made) -> None:
    import inspect

    assert list(inspect.signature(Dag).parameters) == ["dag_id"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("@dag\ndef sales(): ...\n", [{"id": "sales", "name": "sales", "line": 2}]),
        ("@sdk.dag(schedule=None)\ndef sales(): ...\n", [{"id": "sales", "name": "sales", "line": 2}]),
        ("@dag('eu')\ndef sales(): ...\n", [{"id": "eu", "name": "sales", "line": 2}]),
        ("@dag(dag_id='eu')\ndef sales(): ...\n", [{"id": "eu", "name": "sales", "line": 2}]),
        ("@dag(dag_id=NAME)\ndef sales(): ...\n", []),
        ("@dag(**GIVEN)\ndef sales(): ...\n", []),
        ("@dag\ndef sales(): ...\nsales()\n", []),
        ("@dag\ndef sales(): ...\nfor f in [sales]: f()\n", []),
        ("@task\ndef sales(): ...\n", []),
        ("def broken(:\n", []),
    ],
)
def test_a_function_is_uncalled_when_no_line_names_it(tmp_path: Path, source: str, found: list[dict[str, Any]]) -> None:
    file = tmp_path / "sales.py"
    file.write_text(source)

    assert Made().uncalled(str(file)) == found
