"""HTTP to one API server: one request at a time, and how many. Whether to ask again is decided elsewhere."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from dagship.cluster import failures
from dagship.cluster.calls import Call
from dagship.cluster.session import Session, open_session
from dagship.errors import UsageError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
_READ_SECONDS = 30.0

# A server that has just started refuses everybody until it has read who may do what: 20 to 400 ms as measured.
_SETTLING_SECONDS = 10.0

_SUCCESS = range(200, 300)

_SAME_SECONDS = 2.0


def skew(date: str, now: float) -> float:
    """Returns by how many seconds the clock that an answer's `Date` was read from is ahead of `now`.

    Less than two seconds are the way and the header's own second, and count as none.
    """
    try:
        ahead = parsedate_to_datetime(date).timestamp() - now
    except ValueError:
        return 0.0
    return ahead if abs(ahead) > _SAME_SECONDS else 0.0


class Transport:
    """Requests to one server; safe for threads.

    Args:
        load: Reads the login: at the start, and again when the server no longer accepts it.

    Raises:
        UsageError: What `load` raises.

    """

    def __init__(self, load: Callable[[], Any]) -> None:
        self.requests: Counter[str] = Counter()
        self._load = load
        self._lock = threading.Lock()
        self._session = open_session(load())
        self._lost = float("-inf")
        self._skew = 0.0

    @property
    def server(self) -> str:
        """The server's address."""
        return str(self._session.configuration.host)

    @property
    def proxy(self) -> str:
        """Address of the proxy that requests go through, without its user and password; empty for none."""
        used = getattr(self._session.pool, "proxy", None)
        return str(used._replace(auth=None)) if used is not None else ""

    def clock(self) -> float:
        """Epoch seconds by the server's clock, as its last answer told them."""
        return time.time() + self._skew

    def send(self, call: Call, *, stream: bool = False) -> "BaseHTTPResponse":
        """Sends a request once, and again with a fresh login when the server does not accept the one there is.

        Raises:
            Unreachable: No answer, or one that another try may better.
            OutsideError: The server refuses.

        """
        session = self._session
        with self._contact():
            response = self._once(session, call, stream=stream)
            if response.status == HTTPStatus.UNAUTHORIZED and (fresh := self._fresh(session)) is not session:
                response.close()
                response = self._once(fresh, call, stream=stream)
            if response.status not in _SUCCESS:
                raise failures.of_response(response.status, self._rest(response, call), call.what, response.headers)
        return response

    @contextmanager
    def login(self, call: Call) -> Iterator[tuple[Any, dict[str, str]]]:
        """Lends the library's configuration and the headers of the login, for what does not go over the pool."""
        session = self._session
        with self._contact():
            headers = self._headers(session, call)
            self._count(call)
            yield session.configuration, headers

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        self._session.pool.clear()

    @contextmanager
    def _contact(self) -> Iterator[None]:
        try:
            yield
        except failures.Unreachable:
            self._lost = time.monotonic()
            raise
        except (failures.Forbidden, failures.Unauthorized) as refused:
            if time.monotonic() - self._lost > _SETTLING_SECONDS:
                raise
            raise failures.Unreachable(refused.message, refused.hint) from refused

    def _once(self, session: Session, call: Call, *, stream: bool) -> "BaseHTTPResponse":
        import urllib3

        headers = self._headers(session, call)
        if call.body is not None:
            headers["Content-Type"] = call.content_type
        self._count(call)
        try:
            response: BaseHTTPResponse = session.pool.request(
                call.method,
                session.configuration.host + call.target,
                body=call.content,
                headers=headers,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=_READ_SECONDS),
                retries=False,
                preload_content=not stream,
            )
        except (urllib3.exceptions.HTTPError, OSError) as failed:
            raise failures.of_connection(failed, self.server, call.what, proxy=self.proxy) from failed
        self._skew = skew(response.headers.get("Date", ""), time.time())
        return response

    def _rest(self, response: "BaseHTTPResponse", call: Call) -> bytes:
        import urllib3

        try:
            return response.data
        except (urllib3.exceptions.HTTPError, OSError) as failed:
            raise failures.of_connection(failed, self.server, call.what, proxy=self.proxy) from failed
        finally:
            response.close()

    def _count(self, call: Call) -> None:
        log.info("%s %s", call.method, call.path)
        with self._lock:
            self.requests[f"{call.verb} {call.resource}"] += 1

    def _headers(self, session: Session, call: Call) -> dict[str, str]:
        with self._lock:
            login, why_not = session.headers()
        if why_not:
            raise failures.Unreachable(f"Cannot {call.what}: the login cannot be renewed. {why_not}")
        return {"accept": call.accept, "user-agent": "dagship", **login}

    def _fresh(self, stale: Session) -> Session:
        with self._lock:
            if self._session is stale:
                try:
                    self._session = open_session(self._load())
                except UsageError:  # the server's own answer says more
                    return stale
                stale.pool.clear()
            return self._session
