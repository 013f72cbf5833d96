"""Texts of users as every report has them. Pure."""

import re

from dagship.untrusted.text import visible


def plain(text: str) -> str:
    """Returns `text` with line ends and tabs and nothing else that is not seen, so that XML and JSON take it too."""
    if text.isprintable():
        return text
    return visible(re.sub("\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", text)).translate({0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD})


def one_line(text: str, most: int) -> str:
    """Returns a text as one line of at most so many characters, an ellipsis in the place of what is cut."""
    line = " ".join(plain(text).split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
