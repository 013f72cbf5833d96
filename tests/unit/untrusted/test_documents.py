"""YAML that somebody else wrote, read within limits."""

import pytest

from dagship.untrusted import documents


def test_a_text_holds_one_document_or_none() -> None:
    assert documents.load("a: 1\n") == {"a": 1}
    assert documents.load("# nothing\n") is None
    with pytest.raises(ValueError, match="holds several documents"):
        documents.load("a: 1\n---\nb: 2\n")


def test_several_are_returned_in_their_order() -> None:
    assert documents.load_all("a: 1\n---\nb: 2\n") == [{"a": 1}, {"b": 2}]


def test_what_is_no_yaml_is_told_by_its_line() -> None:
    with pytest.raises(ValueError, match="is no YAML at line 2"):
        documents.load("a: 1\nb: ]\n")


@pytest.mark.parametrize("value", ["2024-02-30", "=", "<<", "12:30:45.1 -5"])
def test_what_is_text_to_kubernetes_is_text(value: str) -> None:
    assert documents.load(f"a: {value}") == {"a": value}


def test_a_merge_is_one_as_a_key() -> None:
    assert documents.load("a: &a {x: 1}\nb:\n  <<: *a\n  y: 2\n")["b"] == {"x": 1, "y": 2}


def test_values_are_counted_as_often_as_aliases_repeat_them() -> None:
    hundred = f"a: &a [{','.join('x' * 100)}]\n"

    assert documents.load(hundred + f"b: [{','.join(['*a'] * 900)}]")
    with pytest.raises(ValueError, match="more than 100,000 values"):
        documents.load(hundred + f"b: [{','.join(['*a'] * 1000)}]")


@pytest.mark.parametrize("value", ["0x_", "!!bool x"])
def test_a_value_that_its_tag_does_not_fit_is_a_clause(value: str) -> None:
    with pytest.raises(ValueError, match="not what its tag"):
        documents.load(f"a: {value}")
