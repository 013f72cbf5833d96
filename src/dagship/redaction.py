"""Masks secrets: passwords in addresses, and the values of an env file. Pure; one mask for all."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl, quote, unquote, urlsplit

MASK = "***"
CUT = "…"
"""Stands at each place where a text was cut before it came here: what is left of a secret there is masked as well."""

# User and password, or a token alone. SQLAlchemy takes a slash, a quote and an @ in a password as they are, so what has
# a colon goes to the last @ of the word. Of a very long word, in which nobody looks for it, nothing is left. Code in
# `inside/`, and what is sent into a scheduler, has the same pattern.
_CREDENTIALS = re.compile(r"(\w{0,20})://(?:\S{4097,}|(?:([^\s/:@]{0,256}):\S{0,4096}|[^\s/@'\"]{0,4096})@)")

# Shorter values are words of every traceback, and masking them would leave nothing to read.
_SHORTEST = 6
# Fewer characters of a secret, beside a cut, tell nothing; with more marks than that, they are the text's own.
_LEFT, _MARKS = 4, 1000


def addresses(text: str) -> str:
    """Returns a text without the passwords and tokens in its addresses."""
    return _CREDENTIALS.sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    scheme, user = found[1], found[2]
    # Of a database the name of the user helps; of the web it may be a token itself.
    return f"{scheme}://{MASK}@" if user is None or scheme.startswith("http") else f"{scheme}://{user}:{MASK}@"


def masked(text: str, secrets: Iterable[str]) -> str:
    """Returns `text` with every secret replaced, and what a cut has left of one."""
    for secret in secrets:
        text = text.replace(secret, MASK)
        if CUT in text:
            first, *others = text.split(CUT, _MARKS)
            pieces = [first, *(_without_end(other, secret) for other in others)]
            text = CUT.join([*(_without_beginning(piece, secret) for piece in pieces[:-1]), pieces[-1]])
    return text


def _without_beginning(piece: str, secret: str) -> str:
    """Returns what stands before a cut, without the beginning of a secret that it ends in."""
    at = piece.find(secret[:_LEFT], max(0, len(piece) - len(secret)))
    while at >= 0 and not secret.startswith(piece[at:]):
        at = piece.find(secret[:_LEFT], at + 1)
    return piece if at < 0 else piece[:at] + MASK


def _without_end(piece: str, secret: str) -> str:
    """Returns what stands after a cut, without the end of a secret that it begins with."""
    return _without_beginning(piece[::-1], secret[::-1])[::-1]


def secrets_in(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the texts that must not be shown, longest first.

    The values, their lines, what a value has that is JSON, and the passwords inside connections; each as it is and as
    Python and JSON write it.
    """
    found = {
        written
        for value in variables.values()
        for part in (value, *value.splitlines(), *_inside(value))
        for written in (part.strip(), repr(part)[1:-1], json.dumps(part)[1:-1])
        if len(written) >= _SHORTEST
    }
    return tuple(sorted(found, key=lambda part: (-len(part), part)))


def _inside(value: str) -> Iterator[str]:
    """The secrets inside a value that is JSON or an address; of a connection in JSON, what names no host or kind."""
    if value.lstrip().startswith(("{", "[")):
        try:
            document = json.loads(value)
        except (ValueError, RecursionError):
            return
        if isinstance(document, dict) and "conn_type" in document:
            document = [document.get("password"), document.get("extra")]
        yield from (str(part) for part in _leaves(document) if part is not None)
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
        except (ValueError, RecursionError):
            return
    if isinstance(value, dict):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    else:
        yield value
