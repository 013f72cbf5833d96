"""Which runs are unfinished, as the database answers. Left out: a database."""

import pytest

from dagship.inside.versions import runs


def test_the_answer_is_found_between_what_airflow_prints() -> None:
    output = 'warning\n@@RUNS@@{"running": 2, "versions": ["a", "b"]}\nmore\n'

    assert runs.Runs(2, frozenset({"a", "b"})) == runs.read(output)
    assert runs.read("warning\n") is None


def test_a_database_that_cannot_be_asked_is_one_sentence() -> None:
    """There is no Airflow here."""
    with pytest.raises(runs.CannotAsk, match=r"cannot be asked which DAG runs are in progress: .*'airflow'"):
        runs.ask({})


def test_no_password_of_an_address_is_shown() -> None:
    assert "at postgresql://airflow:***@db/x" == runs.redacted("at postgresql://airflow:hunter2@db/x")
