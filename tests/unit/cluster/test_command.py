"""How much of a command is listened to; the client is the library's, at one end of a pair of sockets."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import websocket
from kubernetes.client import Configuration
from kubernetes.stream import ws_client

from dagship.cluster import command
from dagship.cluster.calls import Call
from dagship.errors import OutsideError

CALL = Call(verb="EXEC", resource="pods/exec", path="/", what="run yes in Pod a")
END = b"\x88\x00"


def frame(channel: int, data: bytes) -> bytes:
    return b"\x82\x7f" + struct.pack(">Q", len(data) + 1) + bytes([channel]) + data


@contextmanager
def client(monkeypatch: pytest.MonkeyPatch, *sent: bytes, for_ever: bool = False) -> Iterator[Any]:
    """A client that is sent frames, the last one again and again where that has no end."""
    here, there = socket.socketpair()
    connected = websocket.WebSocket()
    connected.sock, connected.connected = here, True
    monkeypatch.setattr(ws_client, "create_websocket", lambda *_: connected)

    def serve() -> None:
        with suppress(OSError):
            there.sendall(b"".join(sent))
            while for_ever:
                there.sendall(sent[-1])

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    try:
        yield ws_client.WSClient(Configuration(), "ws://here", {}, capture_all=False, binary=True)
    finally:
        here.close()
        server.join(10)
        there.close()


def test_a_command_that_ends_is_heard_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    said = (frame(1, b"zw\xc3\xb6lf\n"), frame(3, b'{"status": "Success"}'), END)
    with client(monkeypatch, *said) as made:
        assert command._finish(made, CALL, 10.0) == (0, "zwölf\n")


def test_no_more_than_a_limit_is_read_of_what_prints_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        client(monkeypatch, frame(1, b"y\n" * 500_000), for_ever=True) as made,
        pytest.raises(OutsideError, match="printed more than 16 MB"),
    ):
        command._finish(made, CALL, 60.0)
