"""Text that may be anybody's: without characters that drive who shows it. Pure."""

import unicodedata


def visible(text: str) -> str:
    """Returns `text` with its line ends and tabs, and a mark for each other control, format or surrogate character.

    So no escape drives a terminal, nothing is written from right to left, and UTF-8 takes it.
    """
    if text.isprintable():  # true of none of them, and of most texts
        return text
    return "".join(
        each if each in "\n\t" or unicodedata.category(each) not in ("Cc", "Cf", "Cs") else "\N{REPLACEMENT CHARACTER}"
        for each in text
    )
