"""A proxy of the tests that stands between a client and the API server, and can fail as networks and servers do.

Plain HTTP on loopback in front, TLS with the login of a kubeconfig behind. Watches stream through it, and commands in
containers by web socket too. What a client sends as its own login is passed on.

    with Proxy(kubeconfig) as proxy:
        cluster = connect to proxy.kubeconfig
        proxy.answer(429, times=3, on="PATCH", retry_after=1)
        proxy.refuse()
        proxy.restore()
"""

import json
import select
import socket
import ssl
import tempfile
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from kubernetes.client import Configuration
from kubernetes.config import load_kube_config

_CHUNK = 65536


@dataclass(kw_only=True)
class _Fault:
    """Something to go wrong with the next requests of a kind; `status` is 0 where no answer comes."""

    on: str
    path: str
    times: float
    status: int = 0
    retry_after: int | None = None
    lose: bool = False
    silent: bool = False
    delay: float = 0.0
    body: bytes = b""


class Proxy:
    """Stands between. A verb is a method, but for a GET with `watch`, which is `WATCH`; an empty one means all.

    Attributes:
        kubeconfig: A kubeconfig with this proxy as its server; context and user need no login.
        seen: Verb and path, with its query, of every request that came, oldest first.

    """

    def __init__(self, kubeconfig: Path | str, *, context: str | None = None, namespace: str = "default") -> None:
        self._behind = Configuration()
        load_kube_config(str(kubeconfig), context=context, client_configuration=self._behind)
        self._namespace = namespace
        self._lock = threading.Lock()
        self._faults: list[_Fault] = []
        self._links: set[_Link] = set()
        self._listener: socket.socket | None = None
        self._port = 0
        self._scratch = tempfile.TemporaryDirectory(prefix="dagship-proxy-")
        self.kubeconfig = Path(self._scratch.name, "kubeconfig")
        self.seen: deque[tuple[str, str]] = deque()

    def __enter__(self) -> Self:
        self._listen()
        self.kubeconfig.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "proxy",
                    "clusters": [{"name": "proxy", "cluster": {"server": f"http://127.0.0.1:{self._port}"}}],
                    "users": [{"name": "proxy", "user": {}}],
                    "contexts": [
                        {
                            "name": "proxy",
                            "context": {"cluster": "proxy", "user": "proxy", "namespace": self._namespace},
                        }
                    ],
                }
            ),
            "utf-8",
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.refuse()
        self._scratch.cleanup()

    def count(self, verb: str = "") -> int:
        """How many requests of a verb came."""
        return sum(1 for each, _ in tuple(self.seen) if verb in ("", each))

    def answer(
        self,
        status: int,
        *,
        times: float = float("inf"),
        on: str = "",
        path: str = "",
        retry_after: int | None = None,
        body: bytes = b"",
    ) -> None:
        """Answers requests instead of passing them on; `path` is a part of the path with its query."""
        self._add(_Fault(on=on, path=path, times=times, status=status, retry_after=retry_after, body=body))

    def lose_answers(self, *, times: float = 1, on: str = "", path: str = "") -> None:
        """Passes requests on, and cuts the connection when their answer comes."""
        self._add(_Fault(on=on, path=path, times=times, lose=True))

    def cut(self, *, times: float = 1, on: str = "", path: str = "") -> None:
        """Cuts the connection instead of passing requests on."""
        self._add(_Fault(on=on, path=path, times=times))

    def be_silent(self, *, times: float = float("inf"), on: str = "", path: str = "") -> None:
        """Takes requests and never answers."""
        self._add(_Fault(on=on, path=path, times=times, silent=True))

    def be_slow(self, seconds: float, *, times: float = float("inf"), on: str = "", path: str = "") -> None:
        """Passes requests on after a while."""
        self._add(_Fault(on=on, path=path, times=times, delay=seconds))

    def unused(self) -> list[str]:
        """The verbs of the faults that were to come a number of times, and did not."""
        with self._lock:
            return [fault.on for fault in self._faults if 0 < fault.times < float("inf")]

    def refuse(self) -> None:
        """Goes away: cuts every connection, and refuses new ones."""
        with self._lock:
            listener, self._listener = self._listener, None
            links = tuple(self._links)
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts, which closes it
        for link in links:
            link.cut()
        for link in links:
            link.join(5)

    def cut_watches(self) -> None:
        """Cuts the watches that stand."""
        with self._lock:
            links = tuple(link for link in self._links if link.watching)
        for link in links:
            link.cut()

    def restore(self) -> None:
        """Is well again."""
        with self._lock:
            self._faults.clear()
            away = self._listener is None
        if away:
            self._listen()

    def _add(self, fault: _Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def _listen(self) -> None:
        listener = socket.create_server(("127.0.0.1", self._port), backlog=64)
        self._port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with listener:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with self._lock:
                    if self._listener is not listener:
                        client.close()
                        return
                    link = _Link(self, client)
                    self._links.add(link)
                link.start()

    def _upstream(self) -> ssl.SSLSocket | socket.socket:
        server = urlsplit(self._behind.host)
        plain = socket.create_connection((server.hostname, server.port or 443), timeout=30)
        plain.settimeout(None)
        if server.scheme == "http":
            return plain
        context = ssl.create_default_context(cafile=self._behind.ssl_ca_cert)
        if not self._behind.verify_ssl:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self._behind.cert_file:
            context.load_cert_chain(self._behind.cert_file, self._behind.key_file)
        return context.wrap_socket(plain, server_hostname=server.hostname)

    def _rewritten(self, head: bytes) -> bytes:
        """The head of a request with this side's server and, unless it brings its own, login."""
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"host:")]
        added = [f"Host: {urlsplit(self._behind.host).netloc}"]
        if not any(line.lower().startswith(b"authorization:") for line in lines):
            logins: Any = self._behind.auth_settings()
            added += [f"{each['key']}: {each['value']}" for each in logins.values()]
        return b"\r\n".join([lines[0], *(each.encode() for each in added), *lines[1:]]) + b"\r\n\r\n"

    def _fault(self, verb: str, target: str) -> _Fault | None:
        self.seen.append((verb, target))
        with self._lock:
            for fault in self._faults:
                if fault.times > 0 and fault.on in ("", verb) and fault.path in target:
                    fault.times -= 1
                    return fault
        return None

    def _forget(self, link: "_Link") -> None:
        with self._lock:
            self._links.discard(link)


class _Link(threading.Thread):
    """One connection of a client, and the one behind it that carries its requests."""

    def __init__(self, proxy: Proxy, client: socket.socket) -> None:
        super().__init__(daemon=True)
        self.watching = False
        self._proxy = proxy
        self._client = client
        self._behind: socket.socket | None = None
        self._losing = False
        self._raw = False
        self._came = b""

    def cut(self) -> None:
        with suppress(OSError):
            self._client.shutdown(socket.SHUT_RDWR)

    def run(self) -> None:
        try:
            while self._step():
                pass
        except OSError:
            pass
        finally:
            self._client.close()
            if self._behind is not None:
                self._behind.close()
            self._proxy._forget(self)

    def _step(self) -> bool:
        both = [self._client, *([self._behind] if self._behind is not None else [])]
        held = isinstance(self._behind, ssl.SSLSocket) and self._behind.pending()
        ready = [self._behind] if held else select.select(both, [], [])[0]
        if self._behind is not None and self._behind in ready:
            data = self._behind.recv(_CHUNK)
            if not data or self._losing:
                return False
            self._client.sendall(data)
        if self._client in ready:
            data = self._client.recv(_CHUNK)
            if not data:
                return False
            if self._raw and self._behind is not None:
                self._behind.sendall(data)
                return True
            self._came += data
            return self._requests()
        return True

    def _requests(self) -> bool:
        while b"\r\n\r\n" in self._came:
            head, _, rest = self._came.partition(b"\r\n\r\n")
            fields = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
            }
            length = int(fields.get(b"content-length", 0))
            if len(rest) < length:
                return True
            self._came = rest[length:]
            method, target, _ = head.split(b"\r\n")[0].decode().split(" ", 2)
            if not self._request(method, target, head, rest[:length], upgrade=b"upgrade" in fields):
                return False
        return True

    def _request(self, method: str, target: str, head: bytes, body: bytes, *, upgrade: bool) -> bool:
        url = urlsplit(target)
        self.watching = method == "GET" and parse_qs(url.query).get("watch", [""])[0] in ("1", "true")
        fault = self._proxy._fault("WATCH" if self.watching else method, target)
        if fault is not None and fault.status:
            self._client.sendall(_canned(fault))
            return True
        if fault is not None and fault.delay:
            time.sleep(fault.delay)
        elif fault is not None and not fault.lose:
            return fault.silent
        self._losing = fault is not None and fault.lose
        if self._behind is None:
            self._behind = self._proxy._upstream()
        self._behind.sendall(self._proxy._rewritten(head) + body)
        self._raw = upgrade
        return True


def _canned(fault: _Fault) -> bytes:
    message = f"the proxy of the tests says {fault.status}"
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": fault.status}
    body = fault.body or json.dumps(status).encode()
    wait = "" if fault.retry_after is None else f"Retry-After: {fault.retry_after}\r\n"
    head = (
        f"HTTP/1.1 {fault.status} Fault\r\nContent-Type: application/json\r\n{wait}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
