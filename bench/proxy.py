"""A proxy on the loopback that counts what is sent to a registry, request lines and headers included."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_CHUNK = 1 << 16


class Counter:
    """Bytes sent towards the registry.

    Attributes:
        sent: Bytes so far.
        port: Where the proxy listens.

    """

    def __init__(self, port: int) -> None:
        self.sent = 0
        self.port = port
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        """Counts."""
        with self._lock:
            self.sent += count


@contextmanager
def counting(host: str, port: int) -> Iterator[Counter]:
    """Listens on a free port and passes everything on to `host`:`port` while the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        counter = Counter(server.getsockname()[1])

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                upstream = socket.create_connection((host, port))
                for source, target, count in ((client, upstream, counter.add), (upstream, client, lambda _: None)):
                    threading.Thread(target=_pump, args=(source, target, count), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield counter
        server.shutdown(socket.SHUT_RDWR)


def _pump(source: socket.socket, target: socket.socket, count: Callable[[int], None]) -> None:
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            count(len(data))
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
