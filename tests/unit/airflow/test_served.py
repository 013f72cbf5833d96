"""What is wrong with what Airflow serves, and how it is told."""

from typing import Any

import pytest

from dagship.airflow.served import Served, ServedDag, Trouble, Wanted, line_of, read, told, trouble, worst

V, OLD = "5" * 12, "4" * 12
TRACEBACK = f"""Traceback (most recent call last):
  File "/opt/airflow/dag-versions/{V}/dags/etl/sales.py", line 12, in <module>
    REGION = deep()
             ^^^^^^
  File "/opt/airflow/dag-versions/{V}/dags/etl/sales.py", line 7, in deep
    return Variable.get("region")
  File "/usr/lib/python3/site-packages/airflow/sdk/definitions/variable.py", line 59, in get
    raise
airflow.sdk.exceptions.AirflowRuntimeError: VARIABLE_NOT_FOUND: {{'message': 'Variable region not found'}}
"""


def served(*dags: ServedDag, **more: Any) -> Served:
    return Served(**{"version": V, "served": True, "done": True, "left": 0, "dags": dags, **more})


def dag(dag_id: str, file: str = "a.py", version: str = V, at: float = 10.0) -> ServedDag:
    return ServedDag(dag_id, file, version, at)


def test_an_import_error_is_told_with_file_line_and_airflows_own_words() -> None:
    found = trouble(Wanted(V), served(served=False, new={"etl/sales.py": TRACEBACK}), 30)

    assert found == Trouble(
        "ImportError",
        "Airflow cannot import etl/sales.py, line 7: airflow.sdk.exceptions.AirflowRuntimeError: VARIABLE_NOT_FOUND: "
        "{'message': 'Variable region not found'}",
    )


def test_the_line_is_that_of_the_file_and_of_no_other_with_such_an_ending() -> None:
    text = 'File "/x/dags/my_a.py", line 3, in f\nFile "/x/dags/a.py", line x\n'

    assert (line_of("a.py", text), line_of("my_a.py", text)) == (0, 3)
    assert told("a.py", text) == 'a.py: File "/x/dags/a.py", line x'


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            (
                "airflow.sdk.exceptions.AirflowTaskTimeout: DagBag import timeout for /x/dags/a.py after 30.0s.\n"
                "Please take a look at these docs to improve your DAG import time:\n"
                "* https://airflow.example/best-practices.html, PID: 32"
            ),
            (
                "airflow.sdk.exceptions.AirflowTaskTimeout: DagBag import timeout for /x/dags/a.py after 30.0s. "
                "Please take a look at these docs to improve your DAG import time: "
                "* https://airflow.example/best-practices.html, PID: 32"
            ),
        ),
        ("ValueError: two\n  lines", "ValueError: two lines"),
        ("    ^^^^^\nSyntaxError: invalid syntax", "SyntaxError: invalid syntax"),
        ("ValueError", "ValueError"),
    ],
)
def test_the_words_of_an_exception_are_all_lines_of_its_message(words: str, said: str) -> None:
    text = (
        f'Traceback (most recent call last):\n  File "/x/dags/a.py", line 3, in <module>\n    time.sleep(60)\n{words}\n'
    )

    assert told("a.py", text) == f"a.py, line 3: {said}"


def test_of_many_errors_the_first_are_named_and_long_ones_are_cut() -> None:
    errors = {f"{name}.py": "x" * 5000 for name in "abcde"}
    found = trouble(Wanted(V), served(new=errors), 30)

    assert found
    assert found.message.endswith("…; and 2 more files")
    assert len(found.message) < 2000
    assert trouble(Wanted(V), served(new={"a.py": ""}), 3) == (
        "ImportError",
        "Airflow cannot import a.py: it says nothing",
    )


def test_a_dag_of_the_test_that_is_not_there_is_missing_and_one_that_was_removed_is_not() -> None:
    wanted = Wanted(V, dags={"one": "a.py", "two": "a.py"})

    assert trouble(wanted, served(dag("one"), dag("two"), dag("removed", "b.py", OLD)), 30) is None
    assert trouble(wanted, served(dag("one"), dag("two", version=OLD)), 30) == (
        "DagMissing", "Airflow has read the files, and does not have DAGs that the test found: two of a.py",
    )  # fmt: skip


def test_a_dag_is_not_missing_where_its_names_come_from_where_it_is_read_or_its_error_is_old() -> None:
    wanted = Wanted(V, dags={"etl_test": "a.py", "two": "b.py"})

    assert served(dag("etl_prod"), errors={"b.py": "KeyError"}).lacking(wanted) == ()


def test_only_what_was_read_can_lack_a_dag() -> None:
    wanted = Wanted(V, dags={"one": "a.py", "two": "b.py"})

    assert served(dag("one"), dag("two", "b.py", OLD), alone=("a.py",)).lacking(wanted) == ()
    assert served(dag("one"), dag("two", "b.py", OLD)).lacking(wanted) == ("two",)


def test_a_dag_of_the_same_version_has_to_be_made_anew() -> None:
    wanted = Wanted(V, dags={"one": "a.py"}, anew=True)

    assert served(dag("one", at=10), since=11).lacking(wanted) == ("one",)
    assert served(dag("one", at=12), since=11).lacking(wanted) == ()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "no pod that reads DAG files is there to be asked"),
        (Served(why_not="The package is damaged."), "The package is damaged."),
        (Served(version=OLD), f"it serves {OLD}"),
        (Served(), "it serves nothing yet"),
        (Served(version=V), "its files are not read yet, or make no DAG there"),
        (
            Served(version=V, left=7, waiting=("a.py", "b.py")),
            "7 of its files are not read yet, or make no DAG there (a.py, b.py, …)",
        ),
        (
            Served(version=V, left=1, waiting=("a.py",), held=("a.py",)),
            (
                "it has read a.py, and stores a DAG no sooner after the last time than its setting [core] "
                "min_serialized_dag_update_interval lets it"
            ),
        ),
    ],
)
def test_what_is_not_served_in_time_is_told_with_the_reason(answer: Served | None, why: str) -> None:
    assert trouble(Wanted(V), answer, 30) == ("NotServed", f"DAG version {V} was not served within 30 s: {why}")


def test_an_answer_is_read_without_the_secrets_in_its_texts() -> None:
    found = read({
        "served": False, "new": {"a.py": "postgresql://etl:s3cret@db/x"}, "dags": [["one", "a.py", V, 1.5]], "more": 1,
        "errors": {"a.py": "postgresql://etl:s3cret@db/x"},
    })  # fmt: skip

    assert found
    assert (found.new, found.errors) == ({"a.py": "postgresql://etl:***@db/x"},) * 2
    assert found.dags == (ServedDag("one", "a.py", V, 1.5),)


@pytest.mark.parametrize("said", [{}, {"version": V}, {"served": "x"}, {"served": True, "dags": [1]}])
def test_what_is_no_answer_is_none(said: dict[str, Any]) -> None:
    assert read(said) is None


def test_of_several_dag_processors_the_worst_off_counts() -> None:
    broken, late, later = served(served=False, new={"a.py": ""}), Served(left=1), Served(left=3)

    assert worst((served(), late, broken)) == broken
    assert worst((served(), late, later)) == later


def test_the_question_has_each_file_once() -> None:
    asked = Wanted(V, dags={"one": "b.py", "two": "a.py", "three": "a.py"}, broken=("c.py",)).question(5)

    assert asked == {
        "version": V, "serial": None, "anew": False, "seconds": 5, "files": ["a.py", "b.py"], "broken": ["c.py"],
        "since": 0.0, "alone": None,
    }  # fmt: skip
    alone = Wanted(V, dags={"one": "b.py", "two": "a.py"}, alone=("a.py",)).question(5)
    assert (alone["files"], alone["alone"]) == (["a.py"], ("a.py",))
    assert (Wanted(V).question(5)["files"], Wanted(V).question(5)["broken"]) == (None, None)
