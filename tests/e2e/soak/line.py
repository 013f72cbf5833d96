"""Airflow's API for as long as a soak takes: pods come and go, and each takes the connections through it along."""

import http.client
import time
import urllib.error
from collections.abc import Iterator
from typing import Any, Self

from tests.e2e.api import Api
from tests.e2e.releases import Release

_PATIENCE = 180.0
# kubectl says a line for each connection, which nobody reads: its pipe must not fill.
_CALLS = 300
_PAGE = 100


class Line:
    """The API of a release, connected again when it has to be; for one thread.

    Args:
        release: The release.

    """

    def __init__(self, release: Release) -> None:
        self._release = release
        self._api: Api | None = None
        self._calls = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._connected()(method, path, body)
            except urllib.error.HTTPError as refused:
                with refused:
                    if refused.code < 500:
                        raise
                    problem = str(refused)
            except (OSError, http.client.HTTPException, AssertionError) as lost:
                problem = repr(lost)
            self._hang_up()
            assert time.monotonic() < deadline, f"{method} {path}: {problem}, for {_PATIENCE:.0f} s"
            time.sleep(1)

    def all(self, path: str, key: str, order: str) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page."""
        offset = 0
        while True:
            answer = self("GET", f"{path}?limit={_PAGE}&offset={offset}&order_by={order}")
            yield from answer[key]
            offset += _PAGE
            if offset >= answer["total_entries"]:
                return

    def _connected(self) -> Api:
        self._calls += 1
        if self._calls > _CALLS:
            self._hang_up()
        if self._api is None:
            self._api = self._release.api()
            self._api.__enter__()
        return self._api

    def _hang_up(self) -> None:
        api, self._api, self._calls = self._api, None, 0
        if api is not None:
            api.__exit__()
