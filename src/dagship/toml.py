"""Text as TOML has it."""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPED = re.compile(r'[\x00-\x1f\x7f"\\]')


def in_a_line(text: str) -> str:
    """Returns a text for a comment, which ends with the line."""
    return _CONTROL.sub("?", text)


def quoted(text: str) -> str:
    """Returns a text as a basic string of TOML; the name of a file may hold any sign."""
    return '"' + _ESCAPED.sub(lambda sign: f"\\u{ord(sign[0]):04X}", text) + '"'
