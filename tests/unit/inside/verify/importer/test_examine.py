"""Where a DAG is named, and how long a text may be. Left out: an Airflow."""

import pytest

from dagship.inside.verify.importer import examine


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ('DAG(\n    "sales",\n)', 2),
        ("DAG(dag_id='sales')", 1),
        ("\n@dag\ndef sales():\n    pass", 3),
        ("DAG('sales_eu')", 0),
    ],
)
def test_the_line_that_names_a_dag_is_found(source: str, line: int) -> None:
    assert examine.line_of(source, "sales") == line


def test_a_long_text_keeps_its_head_and_its_tail() -> None:
    short = examine.shortened("a" * 100_000 + "the end")

    assert short.startswith("aaa")
    assert short.endswith("the end")
    assert len(short) < examine.TEXT_LIMIT + 100


def test_a_mark_stands_at_each_end_of_what_is_left_out_of_a_long_text() -> None:
    half = examine.TEXT_LIMIT // 2

    assert f"{'a' * half}…\n100 characters left out\n…{'c' * half}" == examine.shortened(
        "a" * half + "b" * 100 + "c" * half
    )
