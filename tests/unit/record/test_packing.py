"""The moves of a record, packed."""

import base64
import gzip

import pytest

from dagship.record import packing
from dagship.record.model import Change, Move

MOVES = tuple(
    Move(
        kind="Deployment",
        name=f"d{n}",
        changes=(Change(field="image", container="main", before="x:1", after="x:2"),),
    )
    for n in range(100)
)


def test_what_was_packed_is_unpacked_again_and_the_same_moves_are_the_same_text() -> None:
    packed = packing.pack(MOVES)

    assert packing.unpack(packed) == MOVES
    assert packing.pack(MOVES) == packed
    assert len(packed) < 2000  # an image a hundred times over


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64",
        base64.b64encode(b"no gzip").decode(),
        base64.b64encode(gzip.compress(b"no JSON")).decode(),
        base64.b64encode(gzip.compress(b'[{"kind": 1}]')).decode(),
        packing.pack(MOVES)[:-8],
    ],
    ids=["nothing", "no base64", "no gzip", "no JSON", "no moves", "cut off"],
)
def test_a_text_that_was_not_packed_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of several libraries; the record says what it means
        packing.unpack(text)


def test_what_unpacks_to_more_than_a_record_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "_LIMIT", 1_000_000)

    with pytest.raises(ValueError, match="unpacks to more than 1 MB"):
        packing.unpack(base64.b64encode(gzip.compress(b" " * 1_000_001)).decode())
