"""Reads a registry's HTTP response up to a limit: it is somebody else's machine, and may say anything."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from dagship.errors import OutsideError

# The distribution specification has registries take manifests up to 4 MB; a list of 100,000 long tags has 13 MB.
_MOST = 16_000_000
_PIECE = 65_536
_SHOWN = 300
_GZIP = 31  # zlib's word for it


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A registry's answer, whole.

    Attributes:
        status: HTTP status.
        headers: Its headers, whose names have no case.
        body: What it holds, uncompressed.
        following: Path and query of the page after this one, or empty.

    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    following: str = ""

    @property
    def said(self) -> str:
        """Its beginning, for people."""
        return self.body[:_SHOWN].decode("utf-8", "replace")

    def document(self) -> dict[str, Any] | None:
        """Returns the JSON object that it is; None where it is something else."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


def take(response: Any, registry: str, *, enough: int = 0) -> Answer:  # noqa: ANN401 - requests' response, not read yet
    """Reads an answer.

    Args:
        response: The response.
        registry: Whose it is, for people.
        enough: Bytes after which the rest is left; 0 to have it whole.

    Raises:
        OutsideError: It is longer than anything that a registry has to say, or the page after it has no address.

    """
    packed = response.headers.get("Content-Encoding", "identity").lower() == "gzip"
    unpack = zlib.decompressobj(_GZIP)
    body = bytearray()
    with response:
        for piece in response.raw.stream(_PIECE, decode_content=False):
            body += unpack.decompress(piece, _MOST + 1) if packed else piece
            if enough and len(body) >= enough:
                break
            if len(body) > _MOST:
                raise OutsideError(
                    f"The registry {registry} answers with more than {_MOST // 1_000_000} MB where a document is asked "
                    "for.",
                    "Check the registry's host and port, and any proxy between.",
                )
    following = response.links.get("next", {}).get("url", "")
    # Relative or absolute; only its path and query are followed: the login is not for another host.
    try:
        parts = urlsplit(urljoin(response.url, following)) if following else None
    except ValueError as wrong:
        raise OutsideError(
            f"The registry {registry} names the next page of a list by what is no address.",
            "Check the registry's host and port, and any proxy between.",
        ) from wrong
    return Answer(
        status=response.status_code,
        headers=response.headers,
        body=bytes(body),
        following=f"{parts.path}?{parts.query}" if parts else "",
    )
