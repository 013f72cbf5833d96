"""A snapshot on its way: packed, and read within limits, as anything may be in its place."""

import gzip

import pytest

from dagship.model import snapshot as model
from tests.builders.snapshots import snapshot, text


def test_a_snapshot_is_the_same_after_a_trip_and_its_bytes_are_those_of_the_same_snapshot() -> None:
    one = snapshot({"a": text()})

    assert model.unpack(model.pack(one)) == one
    assert model.pack(one) == model.pack(snapshot({"a": text()}))


@pytest.mark.parametrize(
    "content", [b"", b"no gzip", gzip.compress(b"{}", mtime=0), gzip.compress(b"no json", mtime=0)]
)
def test_what_is_none_is_none(content: bytes) -> None:
    assert model.unpack(content) is None


def test_one_of_another_form_is_none() -> None:
    assert model.unpack(model.pack(snapshot({}).model_copy(update={"form": 2}))) is None


def test_what_unpacks_to_too_much_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "MOST", 100)

    assert model.unpack(model.pack(snapshot({"a": text()}))) is None
