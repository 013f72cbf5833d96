"""The `--env-file` of a test: KEY=value lines, mostly Variables and Connections of Airflow. Values are secrets."""

import io
import logging
import re
from pathlib import Path

from dagship.errors import UsageError
from dagship.untrusted import files

# Airflow takes any key for a Variable, so nearly anything may stand before the `=`.
_NAME = re.compile(r"[^\s=\x00-\x1f]+")


def read(path: Path) -> dict[str, str]:
    """Reads an env file; `${NAME}` in a value stays as it is.

    Raises:
        UsageError: It cannot be read, or a line of it is not KEY=value.

    """
    from dotenv.parser import parse_stream

    try:
        text = files.read(path).decode("utf-8")
    except (OSError, ValueError) as unreadable:
        reason = getattr(unreadable, "strerror", None) or "it is not UTF-8"
        raise UsageError(
            f"The env file {path} cannot be read: {reason}.", "Name one with KEY=value lines."
        ) from unreadable
    logging.getLogger("dotenv").setLevel(logging.ERROR)
    variables: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text, newline=None)):
        if binding.key is None and not binding.error:
            continue  # a comment or an empty line
        if binding.error or binding.value is None or not _NAME.fullmatch(binding.key or "") or "\0" in binding.value:
            # The line itself is not shown: it may hold half of a secret.
            line = _line(binding.original.string, binding.original.line)
            raise UsageError(
                f"Line {line} of the env file {path} is not KEY=value.",
                "Write one KEY=value on a line, AIRFLOW_VAR_REGION=eu for instance; quote values with quotes or a #.",
            )
        variables[binding.key or ""] = binding.value
    return variables


def _line(text: str, first: int) -> int:
    """The line a binding starts on: the parser counts the empty lines before it as its own."""
    return first + len(text) - len(text.lstrip("\r\n"))
