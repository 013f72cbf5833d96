"""Cuts sections so that all of them fit where they go: each gets its share, and says what is left out. Pure."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

Measure = Callable[[str], int]


class Block(NamedTuple):
    """A section that can be cut between its entries.

    Attributes:
        head: What stands above the entries, whole or not at all.
        entries: Each is left out or taken whole.

    """

    head: str
    entries: tuple[str, ...]


def fitted(blocks: Sequence[Block], room: int, measure: Measure) -> list[str]:
    """Returns the blocks as texts that have no more than `room` together.

    A block that needs less than its share leaves the rest to the others. What is cut ends with how many entries are in
    the artifact; a head that has no room is left out with all that is below it.
    """
    needs = [_size(block, measure) for block in blocks]
    shares = _shares(needs, room)
    return [text for block, share in zip(blocks, shares, strict=True) if (text := _cut(block, share, measure))]


def _size(block: Block, measure: Measure) -> int:
    return sum(map(measure, (block.head, *block.entries)))


def _shares(needs: Sequence[int], room: int) -> list[int]:
    """Max-min fairness: the smallest need is met first, and what it leaves is shared by the others."""
    shares = [0] * len(needs)
    left = room
    order = sorted(range(len(needs)), key=lambda index: needs[index])
    for done, index in enumerate(order):
        shares[index] = min(needs[index], left // (len(order) - done))
        left -= shares[index]
    return shares


def _cut(block: Block, share: int, measure: Measure) -> str:
    if _size(block, measure) <= share:
        return "".join((block.head, *block.entries))
    kept: list[str] = []
    used = measure(block.head)
    for position, entry in enumerate(block.entries):
        size = measure(entry)
        if used + size + measure(_more(len(block.entries) - position - 1)) > share:
            break
        kept.append(entry)
        used += size
    rest = _more(len(block.entries) - len(kept))
    text = "".join((block.head, *kept, rest))
    return text if measure(text) <= share else ""


def _more(count: int) -> str:
    return f"\n- {count:,} more in the artifact\n" if count else ""
