"""A list that changes while it is read page by page."""

from typing import TYPE_CHECKING, Any

import pytest

from dagship.airflow_api import pages
from dagship.airflow_api.pages import PAGE, Page
from dagship.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Callable


class Listing:
    """A list on a server, which changes before some of its pages are asked for."""

    def __init__(self, entries: int, *changes: "Callable[[list[int]], object] | None") -> None:
        self.entries, self.changes, self.asked = [*range(entries)], [*changes], 0

    def page(self, offset: int, limit: int) -> Page:
        change = self.changes.pop(0) if self.changes else None
        if change is not None:
            change(self.entries)
        self.asked += 1
        assert limit <= PAGE
        return Page([{"id": one} for one in self.entries[offset : offset + limit]], len(self.entries))

    def read(self, most: int = 10_000) -> tuple[list[int], int]:
        found = pages.read(self.page, lambda one: one["id"], most=most, what="runs")
        return [one["id"] for one in found.entries], found.total


@pytest.mark.parametrize("entries", [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE - 1, 2 * PAGE, 5 * PAGE])
def test_every_entry_is_read_once(entries: int) -> None:
    assert ([*range(entries)], entries) == Listing(entries).read()


@pytest.mark.parametrize("most", [1, PAGE, PAGE + 1, 150])
def test_no_more_is_read_than_is_wanted(most: int) -> None:
    listing = Listing(1000)

    assert ([*range(most)], 1000) == listing.read(most)
    assert listing.asked <= 2


def test_where_an_entry_leaves_between_two_pages_none_is_missed() -> None:
    # Of 250 the first ends after the first page: by offset alone, entry 100 would be in no page.
    listing = Listing(250, None, lambda there: there.remove(0))

    assert ([*range(1, 250)], 249) == listing.read()


def test_where_one_leaves_and_another_comes_none_is_missed() -> None:
    def change(there: list[int]) -> None:
        there.remove(3)
        there.append(1000)

    assert ([one for one in range(250) if one != 3] + [1000], 250) == Listing(250, None, change).read()


def test_a_list_that_is_shorter_than_it_says_is_not_taken_for_whole() -> None:
    with pytest.raises(OutsideError, match="change faster"):
        pages.read(lambda offset, _: Page([{"id": 1}][offset:], 5), lambda one: one["id"], most=9, what="runs")


def test_a_list_that_is_never_the_same_is_said_to_be_too_fast() -> None:
    always: list[Any] = [lambda there: there.pop(0)] * 100

    with pytest.raises(OutsideError, match="runs change faster"):
        Listing(1000, *always).read()
