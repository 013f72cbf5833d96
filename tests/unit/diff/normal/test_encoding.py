"""Values as Airflow encodes them."""

import pytest

from dagship.diff.normal import encoding


@pytest.mark.parametrize(
    ("encoded", "plain"),
    [
        ({"__type": "dict", "__var": {"a": {"__type": "set", "__var": ["y", "x"]}}}, {"a": ["x", "y"]}),
        ({"__type": "tuple", "__var": [2, 1]}, [2, 1]),
        ({"__type": "timedelta", "__var": 90061.0}, "1 day, 1:01:01"),
        ({"__type": "datetime", "__var": 0.0}, "1970-01-01T00:00:00+00:00"),
        ({"__type": "datetime", "__var": 1e300}, 1e300),
        ({"a": [{"__type": "dict", "__var": {}}]}, {"a": [{}]}),
        (True, True),
    ],
)
def test_the_encoding_is_taken_off(encoded: object, plain: object) -> None:
    assert encoding.plain(encoded) == plain


def test_what_nests_without_end_is_text() -> None:
    value: object = "x"
    for _ in range(500):
        value = [value]

    assert "x" in str(encoding.plain(value))


def test_a_long_value_is_cut() -> None:
    assert encoding.text("a" * 5000) == "a" * 1000 + "…"
    assert encoding.text({"b": 1, "a": 2}) == '{"a": 2, "b": 1}'
