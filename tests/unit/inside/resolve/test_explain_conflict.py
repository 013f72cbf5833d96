"""The search for the lines and pins that exclude one another."""

import pytest

from dagship.inside.resolve import explain_conflict


@pytest.mark.parametrize("guilty", [{3}, {0, 7}, {1, 2, 6}, set(range(8))])
def test_the_smallest_set_in_conflict_is_found(guilty: set[int]) -> None:
    asked = []

    def fits(some: list[int]) -> bool:
        asked.append(some)
        return not guilty <= set(some)

    assert explain_conflict.smallest(list(range(8)), fits) == sorted(guilty)
    assert len(asked) <= 25


def test_one_pin_among_two_hundred_takes_few_questions() -> None:
    asked = []

    def fits(some: list[int]) -> bool:
        asked.append(some)
        return 137 not in some

    assert explain_conflict.smallest(list(range(200)), fits) == [137]
    assert len(asked) <= 16


def test_what_uv_speaks_of_is_suspected_first() -> None:
    lines = [{"name": "pandas"}, {"name": "boto3"}]
    words = "Because pandas==1.5.3 depends on numpy{python_full_version < '3.14'}<2 and numpy==2.4.6, we can conclude"

    assert explain_conflict._suspects(lines, ["numpy==2.4.6", "num==1", "six==1"], words) == (
        [{"name": "pandas"}],
        ["numpy==2.4.6"],
    )


def test_a_constraint_in_the_way_is_told_as_one_and_not_as_a_package_of_the_base() -> None:
    conflict = explain_conflict.Conflict([{"line": 3, "name": "pandas"}], ["six==1", "numpy<2"], alone=False)

    assert explain_conflict._told(None, None, conflict, [], explain_conflict.Base([], {}, [], ["numpy<2"])) == {
        "kind": "limits",
        "lines": [3],
        "limits": ["numpy<2"],
        "pins": [{"name": "six", "version": "1", "chain": None, "needed_by": []}],
    }


def test_a_need_of_the_base_is_suspected_like_a_pin() -> None:
    found = explain_conflict._suspects([], ["sqlalchemy<2,>=1.4", "six==1"], "you require sqlalchemy>=2")

    assert found == ([], ["sqlalchemy<2,>=1.4"])
