"""The lines by which the processes of a test speak."""

import json

from dagship.inside.verify.protocol import line


def test_whatever_is_said_is_one_line_of_ascii() -> None:
    said = {"file": "dag\n\udcff.py", "error": "Ümlaut\r\n\x85"}

    assert line(said).count(b"\n") == 1
    assert line(said).isascii()
    assert json.loads(line(said)) == said
