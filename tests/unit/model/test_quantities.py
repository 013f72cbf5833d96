"""Quantities for people."""

import pytest

from dagship.model.quantities import size


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2_000_000, "2.0 MB"), (3_210_000_000, "3.21 GB")]
)
def test_sizes_are_in_powers_of_a_thousand(count: int, text: str) -> None:
    assert text == size(count)
