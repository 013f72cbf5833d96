"""Reads a list page by page while it changes. Pure.

Airflow's lists are paged by offset: where something leaves the list between two pages, what follows moves up, and one
entry is in neither. So each page begins with the last entry of the one before; where it is another, all is read anew.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from dagship.errors import OutsideError

PAGE = 100
"""Entries in a page: Airflow gives no more unless its `maximum_page_limit` is greater."""

Same = Callable[[Mapping[str, Any]], object]
"""Returns what tells an entry of a list from the others."""

_TRIES = 5


class Page(NamedTuple):
    """A page of a list.

    Attributes:
        entries: Its entries.
        total: Entries of the whole list.

    """

    entries: list[Mapping[str, Any]]
    total: int


def read(page: Callable[[int, int], Page], same: Same, *, most: int, what: str) -> Page:
    """Returns a list, whole or its first entries, and how many it has.

    Args:
        page: Returns a page, given offset and limit.
        same: Returns what tells an entry from others.
        most: Entries after which it is not read on.
        what: What is listed, for people.

    Raises:
        OutsideError: It changes faster than it can be read.

    """
    for _ in range(_TRIES):
        found = _once(page, same, most)
        if found is not None:
            return found
    raise OutsideError(
        f"Airflow's {what} change faster than they can be read, {_TRIES} times in a row.", "Try again when less begins."
    )


def _once(page: Callable[[int, int], Page], same: Same, most: int) -> Page | None:
    entries: list[Mapping[str, Any]] = []
    while True:
        offset = max(len(entries) - 1, 0)
        got, total = page(offset, min(PAGE, most - offset))
        if entries:
            if not got or same(got[0]) != same(entries[-1]):
                return None
            got = got[1:]
        entries += got
        if len(entries) >= min(total, most):
            return Page(entries[:most], total)
        if not got:  # counted before it changed
            return None
