"""Reads values files, as far as dagship has to know what is in them; Helm reads them itself."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dagship.errors import UsageError


def read(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Reads values files.

    Raises:
        UsageError: One is not there, or holds no values.

    """
    return [_read(path) for path in paths]


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as broken:
        mark = getattr(broken, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        raise UsageError(f"The values file {path} is no YAML{where}.", "Mend it; nothing was changed.") from broken
    except UnicodeDecodeError as broken:
        raise UsageError(f"The values file {path} is no text.", "Mend it; nothing was changed.") from broken
    except OSError as unread:
        raise UsageError(
            f"The values file {path} cannot be read: {unread.strerror}.", "Name values files with --values."
        ) from unread
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise UsageError(f"The values file {path} holds no values: it is a {type(document).__name__}, not a map.")
    return document
