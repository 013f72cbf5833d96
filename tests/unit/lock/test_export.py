"""Exact versions as constraints for pip."""

import pytest

from dagship.errors import UsageError
from dagship.lock.export import check_own, constraints, is_of_lock
from dagship.lock.pins import parse_lock
from tests.builders.locks import PINS


def test_constraints_are_of_the_base_and_of_what_the_lock_adds_to_it() -> None:
    text = constraints("constraints", {"six": "1.17.0", "attrs": "25"}, parse_lock(PINS, "").pins, "airflow:3")

    assert [line for line in text.splitlines() if not line.startswith("#")] == [
        "attrs==25",
        "pandas==2.2.3",
        "six==1.17.0",
    ]
    check_own(text, "dags.constraints.txt")


def test_what_somebody_wrote_is_not_overwritten() -> None:
    with pytest.raises(UsageError, match=r"dags\.base\.txt is there and was not exported"):
        check_own("six==1\n", "dags.base.txt")


def test_only_what_is_known_is_exported() -> None:
    assert (is_of_lock("base"), is_of_lock("constraints")) == (False, True)
    with pytest.raises(UsageError, match="'pylock' is nothing that lock exports"):
        is_of_lock("pylock")
