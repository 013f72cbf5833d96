import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagship.cluster.failures import Expired, Forbidden, Unreachable
from dagship.cluster.watch import lines, parse


@given(st.lists(st.binary(min_size=1).filter(lambda line: b"\n" not in line)), st.integers(1, 7))
def test_lines_are_whole_however_they_come(whole: list[bytes], size: int) -> None:
    text = b"".join(line + b"\n" for line in whole)
    chunks = [text[start : start + size] for start in range(0, len(text), size)]

    assert list(lines(chunks)) == whole


def test_what_is_left_of_a_line_when_the_connection_is_cut_is_dropped() -> None:
    assert list(lines([b'{"a"', b':1}\n{"b"'])) == [b'{"a":1}']


def test_an_event_is_read() -> None:
    event = parse(b'{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"w-0"}}}', "watch pods")

    assert event.type == "ADDED"
    assert event.object["metadata"]["name"] == "w-0"


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"type":"ADDED"}', b"\xff", b"null", b"<html>"])
def test_what_is_no_event_is_taken_for_a_broken_connection(line: bytes) -> None:
    with pytest.raises(Unreachable, match="watch pods"):
        parse(line, "watch pods")


@pytest.mark.parametrize(("code", "kind"), [(410, Expired), (403, Forbidden), (500, Unreachable), (None, Unreachable)])
def test_an_error_in_a_watch_is_that_of_its_status(code: int | None, kind: type) -> None:
    status = {"kind": "Status", "message": "too old resource version: 1 (500)", "code": code}
    line = json.dumps({"type": "ERROR", "object": status}).encode()

    with pytest.raises(kind, match="too old resource version"):
        parse(line, "watch pods")
