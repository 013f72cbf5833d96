"""TOML that somebody wrote."""

import tomllib
from typing import Any

from dagship.errors import UsageError

_SHOWN = 200


def document(text: str, where: str) -> dict[str, Any]:
    """Reads a document.

    Args:
        text: The document.
        where: How people know it: a path in the project.

    Raises:
        UsageError: It is no TOML.

    """
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        # What a decoder says has signs of the text in it, and no words.
        reason = "brackets are nested too deep in it" if isinstance(wrong, RecursionError) else str(wrong)
        raise UsageError(f"{where} cannot be read as TOML: {reason[:_SHOWN]!r}.") from wrong
