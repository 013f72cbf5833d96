"""TOML that somebody wrote."""

import tomllib
from pathlib import Path
from typing import Any

from dagship import redaction
from dagship.errors import UsageError
from dagship.untrusted import files

_SHOWN = 200


def text(path: Path, where: str, *, limit: int = files.TEXT_LIMIT) -> str:
    """Reads a file that has to be in UTF-8, as TOML and requirements are.

    Args:
        path: The file.
        where: How people know it.
        limit: Bytes that it may have.

    Raises:
        UsageError: It is in another encoding.
        OSError: As of `files.read`.

    """
    try:
        return files.read(path, limit=limit).decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise UsageError(f"{where} is not UTF-8.", "Save the file as UTF-8.") from wrong


def document(content: str, where: str) -> dict[str, Any]:
    """Reads a document.

    Args:
        content: The document.
        where: How people know it: a path in the project.

    Raises:
        UsageError: It is no TOML.

    """
    try:
        return tomllib.loads(content)
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        # What a decoder says may name a key.
        said = redaction.addresses(str(wrong))[:_SHOWN]
        reason = "brackets are nested too deep in it" if isinstance(wrong, RecursionError) else said
        raise UsageError(f"{where} cannot be read as TOML: {reason!r}.") from wrong
