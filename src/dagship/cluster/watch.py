"""A watch: the server's news of one kind, as they come."""

import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dagship.cluster import failures
from dagship.cluster.calls import WATCH_SECONDS

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

# Later than the server ends it, so that a quiet watch is not taken for a dead one: TCP finds those.
_READ_SECONDS = WATCH_SECONDS + 40.0


@dataclass(frozen=True, kw_only=True)
class Event:
    """A piece of news.

    Attributes:
        type: `ADDED`, `MODIFIED`, `DELETED` or `BOOKMARK`.
        object: The object; of a bookmark, only its resourceVersion counts.

    """

    type: str
    object: dict[str, Any]


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cuts what comes into lines; what a cut connection leaves of the last one is dropped."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole


def parse(line: bytes, what: str) -> Event:
    """Reads one line of a watch.

    Raises:
        Expired: The server no longer has what came after the resourceVersion asked for.
        Unreachable: The line is cut or no event.
        OutsideError: The server ends the watch with a refusal.

    """
    try:
        document = json.loads(line)
        kind, content = document["type"], document["object"]
    except (ValueError, KeyError, TypeError) as broken:
        raise failures.Unreachable(f"Cannot {what}: the API server sent what is no event.") from broken
    if kind == "ERROR":
        raise failures.of_response(int(content.get("code") or 500), json.dumps(content), what)
    return Event(type=kind, object=content)


class Watch:
    """Events, until the server or `stop` ends it.

    Args:
        response: The server's answer, of which only the headers were read.
        server: Its address, for messages.
        what: What is watched, for messages.

    """

    def __init__(self, response: "BaseHTTPResponse", server: str, what: str) -> None:
        self._response = response
        self._server = server
        self._what = what
        # Headers had to come soon; news need not. Where a proxy keeps no connection there is no socket to be had here,
        # and a quiet watch is taken up anew more often.
        connection: Any = response.connection
        if connection is not None and isinstance(connection.sock, socket.socket):
            connection.sock.settimeout(_READ_SECONDS)

    def __iter__(self) -> Iterator[Event]:
        """Yields events.

        Raises:
            Unreachable: The connection broke, or the server ends the watch with a failure of its own.
            Expired: As `parse`.
            OutsideError: As `parse`.

        """
        from urllib3.exceptions import HTTPError

        try:
            for line in lines(self._response.stream(65536)):
                if line.strip():
                    yield parse(line, self._what)
        except (HTTPError, OSError, ValueError) as failed:
            raise failures.of_connection(failed, self._server, self._what) from failed

    def stop(self) -> None:
        """Ends it from another thread: who waits there for the next event finds that there is none."""
        # It may just have ended by itself.
        with suppress(OSError, ValueError, RuntimeError):
            self._response.shutdown()

    def close(self) -> None:
        """Gives up the connection, from the thread that read."""
        self._response.close()
