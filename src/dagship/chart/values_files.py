"""Reads values files, as far as dagship has to know what is in them; Helm reads them itself."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dagship.errors import UsageError
from dagship.untrusted import documents, files


def read(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Reads values files.

    Raises:
        UsageError: One is not there, or holds no values.

    """
    return [_read(path) for path in paths]


def _read(path: Path) -> dict[str, Any]:
    try:
        # A pipe would be empty when Helm reads it: it is refused.
        document = documents.load(files.read(path).decode())
    except UnicodeDecodeError as broken:
        raise UsageError(f"The values file {path} is no text.", "Mend it; nothing was changed.") from broken
    except ValueError as broken:
        raise UsageError(f"The values file {path} {broken}.", "Mend it; nothing was changed.") from broken
    except OSError as unread:
        raise UsageError(
            f"The values file {path} cannot be read: {unread.strerror}.", "Name values files with --values."
        ) from unread
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise UsageError(f"The values file {path} holds no values: it is a {type(document).__name__}, not a map.")
    return document
