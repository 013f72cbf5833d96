"""Asks an Airflow by its REST API: version 2 of Airflow 3, version 1 of Airflow 2 where there is no other.

The token goes to the host of the address and to no other: what redirects is told, and not followed.
"""

import json
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import quote

from dagship.airflow_api import pages
from dagship.airflow_api.pages import Page, Same
from dagship.errors import OutsideError, Transient
from dagship.model.access import Access
from dagship.tls import session

# Seconds to connect, between two pieces of an answer, and for the whole of it.
_PATIENCE, _LONGEST = (10, 60), 120.0
# An API server that is replaced is away for a moment: so long it is asked again, seconds.
_AGAIN, _PAUSE = 10.0, 0.5
# A page of a hundred runs, each with all that it was given.
_MOST = 16_000_000
_PIECE, _SHOWN = 65_536, 300
_OK, _ERROR, _REDIRECT = 200, 400, 300
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _BUSY, _BROKEN = 401, 403, 404, 429, 500


class NotThere(OutsideError):  # noqa: N818 - what happened
    """Airflow has no such thing."""


class NotTaken(OutsideError):  # noqa: N818 - what happened
    """Airflow refuses what it was asked to do; the detail has its words."""


@dataclass(frozen=True)
class Answer:
    """An answer of the API.

    Attributes:
        document: The JSON object that it is.
        at: When it was given, epoch seconds by the server's clock.

    """

    document: Mapping[str, Any]
    at: float


class Api:
    """The API of one Airflow; safe for threads.

    Args:
        access: Where it is, and by what right it is asked.
        patience: Seconds for which a server that is away is asked again.

    """

    def __init__(self, access: Access, *, patience: float = _AGAIN) -> None:
        self._access = access
        self._patience = patience
        self._local = threading.local()

    @property
    def url(self) -> str:
        """Where it is, for people."""
        return self._access.url

    @cached_property
    def airflow(self) -> str:
        """The version of Airflow.

        Raises:
            OutsideError: It does not answer, or is no Airflow.

        """
        for version in ("v2", "v1"):
            try:
                said = self._ask("GET", f"/api/{version}/version").document.get("version")
            except NotThere:
                continue
            if isinstance(said, str) and said:
                return said
        raise OutsideError(
            f"There is no API of Airflow at {self.url}.",
            "airflow_url is the address of its API server or webserver, with any path before /api.",
        )

    @property
    def is_2(self) -> bool:
        """Whether it is Airflow 2."""
        return self.airflow.startswith("2.")

    def get(self, *path: str, **query: object) -> Answer:
        """Reads something.

        Args:
            path: The parts of its path below `/api/v2` or `/api/v1`.
            query: The query; a list gives a name several times.

        Raises:
            NotThere: There is no such thing.
            Transient: Airflow does not answer, or is not well.
            OutsideError: It refuses, or what answers is no Airflow.

        """
        return self._ask("GET", self._path(path), query=query)

    def send(self, method: str, *path: str, body: Mapping[str, object]) -> Answer:
        """Changes something.

        Raises:
            NotTaken: Airflow refuses that, in words of its own.
            OutsideError: As `get`; whether it was done is not known where no answer came.

        """
        return self._ask(method, self._path(path), body=body)

    def every(self, key: str, *path: str, same: Same, most: int, **query: object) -> Page:
        """Reads a list, or its first entries.

        Args:
            key: What the list is called in the answer, which is what is listed.
            path: As in `get`.
            same: Returns what tells an entry from others.
            most: Entries after which it is not read on.
            query: As in `get`.

        Raises:
            OutsideError: As `get`; or it changes faster than it can be read.

        """

        def page(offset: int, limit: int) -> Page:
            said = self.get(*path, **{**query, "offset": offset, "limit": limit}).document
            entries, total = said.get(key), said.get("total_entries")
            if not isinstance(entries, list) or not isinstance(total, int):
                self._no_airflow("an answer without that list", json.dumps(said)[:_SHOWN])
            return Page([one for one in entries if isinstance(one, dict)], total)

        return pages.read(page, same, most=most, what=key.replace("_", " "))

    def _path(self, parts: tuple[str, ...]) -> str:
        return "/".join((f"/api/{'v1' if self.is_2 else 'v2'}", *(quote(part, safe="~") for part in parts)))

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Answer:
        until = time.monotonic() + self._patience
        while True:
            try:
                return self._once(method, path, query or {}, body)
            except Transient:
                # What is sent twice may be done twice.
                if body is not None or time.monotonic() >= until:
                    raise
            time.sleep(_PAUSE)

    def _once(self, method: str, path: str, query: Mapping[str, object], body: Mapping[str, object] | None) -> Answer:
        from requests.exceptions import RequestException, SSLError
        from urllib3.exceptions import HTTPError

        # Given as a function, so that no .netrc takes its place.
        def authorize(request: Any) -> Any:  # noqa: ANN401 - requests' own
            request.headers["Authorization"] = self._access.authorization
            return request

        try:
            response = self._session().request(
                method,
                f"{self.url}{path}",
                params=query,
                json=body,
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                auth=authorize,
                timeout=_PATIENCE,
                stream=True,
                allow_redirects=False,
            )
            with response:
                text = self._whole(response)
        except SSLError as failed:
            raise self._not_trusted(str(failed)) from failed
        except (RequestException, HTTPError) as failed:
            raise Transient(
                f"Airflow at {self.url} cannot be reached, or does not speak HTTP.",
                "See whether it is up, whether airflow_url is right, and any proxy between.",
                str(failed)[:_SHOWN],
            ) from failed
        return self._read(response, text)

    def _whole(self, response: Any) -> bytes:  # noqa: ANN401 - requests' own
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            self._no_airflow("a packed answer, which was not asked for")
        text, until = bytearray(), time.monotonic() + _LONGEST
        for piece in response.raw.stream(_PIECE, decode_content=False):
            text += piece
            if len(text) > _MOST:
                self._no_airflow(f"an answer of more than {_MOST // 1_000_000} MB")
            if time.monotonic() > until:
                raise Transient(f"Airflow at {self.url} takes more than {_LONGEST:.0f} s for one answer.", "Try again.")
        return bytes(text)

    def _read(self, response: Any, text: bytes) -> Answer:  # noqa: ANN401 - requests' own
        status, said = int(response.status_code), text[:_SHOWN].decode("utf-8", "replace")
        if _REDIRECT <= status < _ERROR:
            raise OutsideError(
                f"Airflow at {self.url} sends elsewhere, and the token goes to no other address.",
                "Give the address that it is sent to as airflow_url; where that is a page to log in, take one that "
                "programs may ask.",
                f"Location: {response.headers.get('Location', '')[:_SHOWN]}",
            )
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            document = None
        self._check(status, said, is_json=isinstance(document, dict))
        if not isinstance(document, dict):
            self._no_airflow("something else than a JSON object", said)
        return Answer(document, _clock(response.headers.get("Date", "")))

    def _check(self, status: int, said: str, *, is_json: bool) -> None:
        if status < _ERROR:
            return
        if status == _UNAUTHORIZED:
            raise OutsideError(
                f"Airflow at {self.url} does not take the token: it is wrong, or over.",
                "Get another from Airflow, and set DAGSHIP_AIRFLOW_TOKEN.",
                said,
            )
        if status == _FORBIDDEN:
            raise OutsideError(
                f"Airflow at {self.url} does not let the token's user do that.",
                "docs/how-to/rest-api.md lists what the user has to be allowed to.",
                said,
            )
        if status == _BUSY or status >= _BROKEN:
            raise Transient(
                f"Airflow at {self.url} is not well: it answered {status}.", "See its API server's log.", said
            )
        if status == _NOT_FOUND:
            raise NotThere(f"Airflow at {self.url} has no such thing.", "", said)
        if not is_json:
            self._no_airflow(f"the status {status}", said)
        raise NotTaken(f"Airflow at {self.url} refuses that with the status {status}.", "", said)

    def _no_airflow(self, what: str, said: str = "") -> NoReturn:
        raise OutsideError(
            f"What answers at {self.url} is no API of Airflow: it gives {what}.",
            "See whether airflow_url is right, and what stands before Airflow: a page to log in, a proxy.",
            said,
        )

    def _not_trusted(self, said: str) -> OutsideError:
        if "CERTIFICATE_VERIFY_FAILED" not in said:
            return OutsideError(
                f"Airflow at {self.url} does not speak TLS with this machine.",
                "If it speaks plain HTTP, airflow_url begins with http://; else see what answers there.",
                said[:_SHOWN],
            )
        return OutsideError(
            f"This machine has no trust in the certificate of Airflow at {self.url}.",
            "Name a file with the authority that signed it in REQUESTS_CA_BUNDLE or SSL_CERT_FILE, and see that the "
            "certificate is for that host and not over.",
            said[:_SHOWN],
        )

    def _session(self) -> Any:  # noqa: ANN401 - requests' own
        """A session of this thread's own: they are not made to be shared."""
        if not hasattr(self._local, "session"):
            self._local.session = session.trusting(ssl.create_default_context())
        return self._local.session


def _clock(date: str) -> float:
    """The time that an answer bears, which a server need not give; then this machine's."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return time.time()
