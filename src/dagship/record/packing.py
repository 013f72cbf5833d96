"""The long parts of a record, packed: moves, which say one image a hundred times, and documents of releases. Pure."""

import base64
import gzip
import io
import zlib
from collections.abc import Mapping

from pydantic import TypeAdapter

from dagship.model.kept_document import KeptDocument
from dagship.record.model import Move

# The JSON of 300 workloads and 20 releases has 6 MB; a text of 1 MB could unpack to a thousand times its size.
_LIMIT = 100_000_000

_MOVES: TypeAdapter[tuple[Move, ...]] = TypeAdapter(tuple[Move, ...])
_MOVES_BY_NAME: TypeAdapter[dict[str, tuple[Move, ...]]] = TypeAdapter(dict[str, tuple[Move, ...]])
_DOCUMENTS_BY_NAME: TypeAdapter[dict[str, KeptDocument]] = TypeAdapter(dict[str, KeptDocument])


def pack(moves: tuple[Move, ...]) -> str:
    """Returns moves as base64 of gzip of JSON: the same text for the same moves."""
    return _squeezed(_MOVES.dump_json(moves, exclude_defaults=True))


def unpack(text: str) -> tuple[Move, ...]:
    """Returns the moves that were packed.

    Raises:
        ValueError: The text is something else.

    """
    return _MOVES.validate_json(_expanded(text))


def pack_document(document: KeptDocument) -> str:
    """Returns the document of a release, packed as moves are."""
    return _squeezed(document.model_dump_json(exclude_defaults=True).encode())


def unpack_document(text: str) -> KeptDocument:
    """Returns the document that was packed.

    Raises:
        ValueError: The text is something else.

    """
    return KeptDocument.model_validate_json(_expanded(text))


def unpack_by_name(text: str) -> Mapping[str, tuple[Move, ...]]:
    """Returns the moves of all releases, as the forms before the seventh had them: by the name of what they are of.

    Raises:
        ValueError: The text is something else.

    """
    return _MOVES_BY_NAME.validate_json(_expanded(text))


def unpack_documents_by_name(text: str) -> Mapping[str, KeptDocument]:
    """Returns the documents of all releases, as the sixth form had them: by the number of the release.

    Raises:
        ValueError: The text is something else.

    """
    return _DOCUMENTS_BY_NAME.validate_json(_expanded(text))


def _squeezed(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()


def _expanded(text: str) -> bytes:
    try:
        with gzip.open(io.BytesIO(base64.b64decode(text, validate=True))) as file:
            content = file.read(_LIMIT + 1)
    except (OSError, EOFError, zlib.error) as broken:
        raise ValueError(str(broken)) from broken
    if len(content) > _LIMIT:
        raise ValueError(f"it unpacks to more than {_LIMIT // 1_000_000} MB")
    return content
