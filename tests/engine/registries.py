"""Registries that misbehave, on loopback; the engine talks to them as it would to any.

A registry of this kind cannot be had otherwise: what is real is the engine, and what it makes of the answers.
"""

import contextlib
import http.client
import http.server
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Answering(http.server.BaseHTTPRequestHandler):
    """Answers everything with one status and body."""

    status = 500
    body = b""
    # What is no HTTP, the start of TLS for instance, gets an answer with a status line, as from any real server: by it
    # the engine knows that it should speak plain HTTP.
    default_request_version = "HTTP/1.1"
    content_type = "application/json"

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._send()

    def _send(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Type", self.content_type)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class _Server(http.server.ThreadingHTTPServer):
    """Says nothing of clients that hang up: the engine does once it has seen enough."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(*_)


@contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serves on a free port of loopback and gives `host:port`."""
    server = _Server(("127.0.0.1", 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answering(status: int, body: bytes, content_type: str = "application/json") -> type[_Answering]:
    """A registry that gives everybody the same answer."""
    return type("Answering", (_Answering,), {"status": status, "body": body, "content_type": content_type})


class _Relaying(_Answering):
    """Is the registry behind it, when it may."""

    registry = ""

    def may_pass(self) -> bool:
        return True

    def _proxy(self) -> None:
        if not self.may_pass():
            self._answer()
            return
        with contextlib.closing(http.client.HTTPConnection(self.registry, timeout=30)) as connection:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None)
            answer = connection.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.read())

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _proxy  # noqa: N815 - the library's names


def flaky(behind: str, failures: int) -> type[http.server.BaseHTTPRequestHandler]:
    """A registry that answers 503 a number of times, and is then the real one at `behind`."""
    left = [failures]
    lock = threading.Lock()

    class Flaky(_Relaying):
        registry = behind
        status, body = 503, b'{"errors":[{"code":"UNAVAILABLE","message":"being rolled"}]}'

        def may_pass(self) -> bool:
            with lock:
                failing = left[0] > 0 and self.path != "/v2/"
                left[0] -= failing
            return not failing

    return Flaky


def slow(behind: str, enough: threading.Event) -> type[http.server.BaseHTTPRequestHandler]:
    """The registry at `behind`, but that layers do not come before it is `enough`."""

    class Slow(_Relaying):
        registry = behind

        def may_pass(self) -> bool:
            return "/blobs/" not in self.path or enough.wait()

    return Slow


def relaying(behind: str) -> type[_Relaying]:
    """The registry at `behind`, for a subclass to come between."""
    return type("Relaying", (_Relaying,), {"registry": behind})
