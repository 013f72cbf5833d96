"""A login to an API server, and the connections made with it."""

import logging
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

# Watches and calls of a rollout at a time; urllib3 complains aloud about connections beyond what it keeps.
_CONNECTIONS = 32


@dataclass(frozen=True, kw_only=True)
class Session:
    """A login and the connections made with it.

    Attributes:
        configuration: The library's, with its way to refresh the login.
        pool: urllib3's pool of connections, made by the library: TLS, proxies and client certificates are in it.

    """

    configuration: Any = field(repr=False)
    pool: Any = field(repr=False)

    def headers(self) -> tuple[dict[str, str], str]:
        """Returns the headers of the login, and why they could not be renewed, if so.

        It may run a credential plugin, or read a file anew; one thread at a time.
        """
        with complaints() as said:
            settings: Mapping[str, Mapping[str, str]] = self.configuration.auth_settings()
            login = {each["key"]: each["value"] for each in settings.values() if each["value"]}
        return login, said[0] if said else ""


def open_session(configuration: Any) -> Session:  # noqa: ANN401 - the library's, which it leaves untyped
    """Makes the pool of connections for a login; connects to nothing yet."""
    from kubernetes.client.rest import RESTClientObject
    from urllib3 import disable_warnings
    from urllib3.connection import HTTPConnection
    from urllib3.exceptions import InsecureRequestWarning

    configuration.connection_pool_maxsize = _CONNECTIONS
    if not configuration.verify_ssl:
        disable_warnings(InsecureRequestWarning)  # the kubeconfig says that this is wanted
    pool = RESTClientObject(configuration).pool_manager
    pool.connection_pool_kw["socket_options"] = [*HTTPConnection.default_socket_options, *_keep_alive()]
    return Session(configuration=configuration, pool=pool)


def _keep_alive() -> list[tuple[int, int, int]]:
    """Returns the options that find a dead peer within half a minute, as far as this system has them."""
    wanted = (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))
    options = [(socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in wanted if hasattr(socket, name)]
    return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), *options]


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Collects what the library logs where a credential plugin fails: it does not raise, and would print."""
    said: list[str] = []

    class _Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.module == "kube_config":
                said.append(" ".join(record.getMessage().split())[:300])

    handler = _Collect(logging.ERROR)
    logging.getLogger().addHandler(handler)
    try:
        yield said
    finally:
        logging.getLogger().removeHandler(handler)
