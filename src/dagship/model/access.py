"""The address of an Airflow's API and the token for it. Pure."""

import ipaddress
import re
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr


@dataclass(frozen=True, kw_only=True)
class Access:
    """Where an Airflow is asked, and by what right.

    Attributes:
        url: Scheme, host and, where Airflow has one, the path before `/api`; without a slash at its end.
        token: A token, or `USER:PASSWORD`.

    """

    url: str
    token: SecretStr

    @property
    def authorization(self) -> str:
        """The value of the header: a token has no colon (RFC 6750, 2.1), a login has one (RFC 7617, 2)."""
        import base64

        said = self.token.get_secret_value()
        return f"Basic {base64.b64encode(said.encode()).decode()}" if ":" in said else f"Bearer {said}"

    @property
    def exposure(self) -> str:
        """A sentence where the token would travel for others to read; else nothing."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if parts.scheme == "https" or host == "localhost" or _is_loopback(host):
            return ""
        return f"the token for Airflow travels to {self.url} without TLS: whoever sits between can read it"


def checked_url(url: str) -> str:
    """Returns an address in the form that `Access` has it.

    Raises:
        ValueError: It is no address of a web server, or holds what belongs to none.

    """
    try:
        parts = urlsplit(url)
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its text has the address
        raise ValueError("that is no address, as https://airflow.example.com") from None
    if "@" in parts.netloc:
        raise ValueError("it holds a login, which would be shown; give that as airflow_token")
    if not right or parts.query or parts.fragment or re.search(r"[\x00-\x20\x7f-\uffff\\]", url):
        raise ValueError("that is no address, as https://airflow.example.com")
    base = re.sub(r"/api(/v[12])?/*$", "", parts.path)  # as people copy it
    return f"{parts.scheme}://{parts.netloc}{base.rstrip('/')}"


def checked_token(token: str) -> str:
    """Returns a token that a header can hold.

    Raises:
        ValueError: It has spaces or other characters that no token has; the message does not have it.

    """
    if not re.fullmatch(r"[\x21-\x7e]{1,8192}", token):
        raise ValueError("it has spaces, line ends or other characters that no token has")
    return token


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
