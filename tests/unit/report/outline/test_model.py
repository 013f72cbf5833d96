"""The parts of a report."""

from dagship.report.outline.model import Name, counted, names


def test_names_stand_with_commas_and_the_rest_is_counted() -> None:
    assert names(["a", "b"]) == (Name("a"), ", ", Name("b"))
    assert names("abc", most=2) == (Name("a"), ", ", Name("b"), " and 1 more")
    assert names([]) == ()


def test_a_noun_agrees_with_its_number() -> None:
    assert [counted(1, "DAG"), counted(2, "DAG"), counted(1200, "entry", "entries")] == [
        "1 DAG",
        "2 DAGs",
        "1,200 entries",
    ]
