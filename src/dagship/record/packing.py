"""The moves of a record, packed: a release repeats its image for every container, a hundred workloads times. Pure."""

import base64
import gzip
import io
import zlib
from collections.abc import Mapping

from pydantic import TypeAdapter

from dagship.record.model import Move

# The JSON of 300 workloads and 20 releases has 6 MB; a text of 1 MB could unpack to a thousand times its size.
_LIMIT = 100_000_000

Packed = Mapping[str, tuple[Move, ...]]

_MOVES: TypeAdapter[dict[str, tuple[Move, ...]]] = TypeAdapter(dict[str, tuple[Move, ...]])


def pack(moves: Packed) -> str:
    """Returns moves by name as base64 of gzip of JSON: the same text for the same moves."""
    return base64.b64encode(gzip.compress(_MOVES.dump_json(dict(moves), exclude_defaults=True), mtime=0)).decode()


def unpack(text: str) -> Packed:
    """Returns what was packed.

    Raises:
        ValueError: The text is something else.

    """
    try:
        with gzip.open(io.BytesIO(base64.b64decode(text, validate=True))) as file:
            content = file.read(_LIMIT + 1)
    except (OSError, EOFError, zlib.error) as broken:
        raise ValueError(str(broken)) from broken
    if len(content) > _LIMIT:
        raise ValueError(f"it unpacks to more than {_LIMIT // 1_000_000} MB")
    return _MOVES.validate_json(content)
