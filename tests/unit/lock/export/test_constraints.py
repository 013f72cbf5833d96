"""Exact versions as constraints for pip."""

from dagship.lock.export.constraints import constraints


def test_constraints_have_each_version_in_a_line() -> None:
    text = constraints("constraints", {"six": "1.17.0", "attrs": "25"}, "airflow:3")

    assert [line for line in text.splitlines() if not line.startswith("#")] == ["attrs==25", "six==1.17.0"]
