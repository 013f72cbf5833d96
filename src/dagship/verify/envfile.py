"""The `--env-file` of a test: KEY=value lines, mostly Variables and Connections of Airflow. Values are secrets."""

import io
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from dagship.errors import UsageError

MASK = "***"

# Shorter values are words of every traceback, and masking them would leave nothing to read.
_SHORTEST = 6
# Airflow takes any key for a Variable, so nearly anything may stand before the `=`.
_NAME = re.compile(r"[^\s=\x00-\x1f]+")


def read(path: Path) -> dict[str, str]:
    """Reads an env file; `${NAME}` in a value stays as it is.

    Raises:
        UsageError: It cannot be read, or a line of it is not KEY=value.

    """
    from dotenv.parser import parse_stream

    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError) as unreadable:
        reason = getattr(unreadable, "strerror", None) or "it is not UTF-8"
        raise UsageError(
            f"The env file {path} cannot be read: {reason}.", "Name one with KEY=value lines."
        ) from unreadable
    logging.getLogger("dotenv").setLevel(logging.ERROR)
    variables: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
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


def masked(text: str, secrets: Iterable[str]) -> str:
    """Returns `text` with every secret replaced."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


def secrets_in(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the texts that must not be shown: the values, and the passwords inside connections; longest first."""
    found = {part for value in variables.values() for part in (value, *_inside(value)) if len(part) >= _SHORTEST}
    return tuple(sorted(found, key=lambda part: (-len(part), part)))


def _inside(value: str) -> Iterator[str]:
    """The secrets inside a connection, which is a URI or JSON."""
    if value.lstrip().startswith("{"):
        try:
            document = json.loads(value)
        except ValueError:
            return
        if isinstance(document, dict):
            yield from (
                part for part in (document.get("password"), *_leaves(document.get("extra"))) if isinstance(part, str)
            )
    elif "://" in value:
        try:
            parts = urlsplit(value)
            password = parts.password
        except ValueError:
            return
        for name, held in parse_qsl(parts.query):
            yield from (held, quote(held, safe=""))
            if name == "__extra__":
                yield from (leaf for leaf in _leaves(held) if isinstance(leaf, str))
        if password:
            yield password
            yield unquote(password)


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return
    if isinstance(value, dict):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    else:
        yield value
