"""Sections that have to fit: each gets its share, and what is left out is counted."""

from hypothesis import given
from hypothesis import strategies as st

from dagship.report.markdown.budget import Block, fitted

SMALL = Block("\n### small\n\n", ("- a\n", "- b\n"))
LARGE = Block("\n### large\n\n", tuple(f"- entry {number:03}\n" for number in range(500)))


def test_all_of_it_is_there_where_it_fits() -> None:
    assert "".join(fitted([SMALL, LARGE], 100_000, len)) == "".join(
        (SMALL.head, *SMALL.entries, LARGE.head, *LARGE.entries)
    )


def test_what_needs_less_than_its_share_stays_whole_and_the_rest_is_counted() -> None:
    small, large = fitted([SMALL, LARGE], 1000, len)

    kept = large.count("- entry")
    assert small == "".join((SMALL.head, *SMALL.entries))
    assert 0 < kept < 500
    assert large.endswith(f"\n- {500 - kept} more in the artifact\n")
    assert len(small + large) > 950, "what the small one leaves is used"


def test_a_section_that_has_no_room_is_left_out_whole() -> None:
    assert fitted([SMALL], 10, len) == []


@given(
    st.lists(st.tuples(st.text(max_size=30), st.lists(st.text(max_size=50), max_size=20)), max_size=8),
    st.integers(min_value=0, max_value=2000),
)
def test_it_never_takes_more_than_there_is(sections: list[tuple[str, list[str]]], room: int) -> None:
    blocks = [Block(head, tuple(entries)) for head, entries in sections]

    assert sum(map(len, fitted(blocks, room, len))) <= room
