"""Sessions of `requests` that trust what a TLS context does: the library itself takes files and directories alone."""

import ssl
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests


def trusting(trust: ssl.SSLContext) -> "requests.Session":
    """Returns a session whose https connections trust what the context does; sessions are for one thread each.

    Args:
        trust: The context.

    """
    import requests
    from requests.adapters import HTTPAdapter

    class Trusting(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as the library's
            super().init_poolmanager(*args, **kwargs, ssl_context=trust)

    made = requests.Session()
    made.mount("https://", Trusting())
    return made
