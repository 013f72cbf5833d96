"""Turns a status or a failed connection into an error that names the cause, and what to do about it.

OutsideError
├── BadRequest    400, what the object's state does not allow among it
├── Invalid       422, an object with a field that cannot be
├── Unauthorized  401
├── NotFound      404
├── Conflict      409, for a name that is taken and for an object that changed meanwhile
├── Expired       410, a resourceVersion that the server no longer keeps
├── Forbidden     403
└── Transient
    └── Unreachable   no answer, 429, or the server's own failure: another try may succeed
"""

import json
import re
import ssl
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from dagship.errors import DagshipError, OutsideError, Transient
from dagship.resources import resource

_LONGEST = 300

# What another try may overcome: too many requests, and the failures of the server or of what stands before it.
_PASSING = frozenset({429, 500, 502, 503, 504})

_RIGHTS = (
    f"{resource('k8s/rbac')}/ holds a Role that suffices for all but install and uninstall, which need what the "
    "ClusterRole admin allows; whoever administers the cluster can bind it to this user, as README.md there says."
)
# A server says 403 also where no permission is missing.
_POLICY = re.compile(
    r"exceeded quota|admission webhook|denied the request|violates PodSecurity|being terminated|ValidatingAdmission"
)
_MEND = (
    "No permission is missing: it is a rule of the cluster that refuses. Mend what it names, or ask who made the rule."
)
_TRUST = "Give the cluster's authority in the kubeconfig (certificate-authority), and see that the name matches."
_RENEW = "Have the certificate of the API server renewed, and see whether this machine's clock is right."
_LOG_IN = "Log in to the cluster again, or look at the user of this context in the kubeconfig."
_PROXY = (
    "See that the proxy is right and runs (HTTPS_PROXY, or proxy-url in the kubeconfig); where none is needed for this "
    "server, name the server in NO_PROXY."
)
_SERVER = "See that the server of this context in the kubeconfig is right, and that it can be reached from here."


class BadRequest(OutsideError):  # noqa: N818 - named after the answer
    """The server cannot do this, now or ever."""


class Invalid(OutsideError):  # noqa: N818 - as above
    """The object has a field that cannot be."""


class Unauthorized(OutsideError):  # noqa: N818 - as above
    """The server does not know who asks."""


class NotFound(OutsideError):  # noqa: N818 - as above
    """There is no such object."""


class Conflict(OutsideError):  # noqa: N818 - as above
    """The name is taken, or the object is no longer as it was when it was read."""


class Expired(OutsideError):  # noqa: N818 - as above
    """The server no longer keeps that resourceVersion; list again."""


class Forbidden(OutsideError):  # noqa: N818 - as above
    """The server knows who asks, and does not let them."""


class Unreachable(Transient):
    """The server does not answer, or fails at it.

    Args:
        message: As of every error.
        hint: The same.
        detail: The same.
        wait: Seconds that the server asks to wait before another try.

    """

    def __init__(self, message: str, hint: str = "", detail: str = "", *, wait: float = 0.0) -> None:
        super().__init__(message, hint, detail)
        self.wait = wait


def is_rule(failed: OutsideError) -> bool:
    """Whether it is a rule that somebody made for a cluster or a namespace that refuses, not the server itself."""
    return _POLICY.search(failed.message) is not None


def of_response(status: int, body: bytes | str, what: str, headers: Mapping[str, str] | None = None) -> DagshipError:
    """Returns the error for an answer that is not a success.

    Args:
        status: HTTP status.
        body: What came with it: a Kubernetes Status, or whatever stands before the server had to say.
        what: What was asked, as `read Pod airflow-worker-0`.
        headers: Headers of the answer, names in lower case or of a mapping that does not mind.

    """
    said = _said(body)
    if status == HTTPStatus.UNAUTHORIZED:
        return Unauthorized(f"Cannot {what}: the API server does not accept this login. {said}".rstrip(), _LOG_IN)
    if status in _PASSING:
        wait = _seconds((headers or {}).get("retry-after", ""))
        return Unreachable(f"Cannot {what}: the API server answers {status}. {said}".rstrip(), wait=wait)
    message = f"Cannot {what}: {said or f'the API server answers {status}.'}"
    if status == HTTPStatus.FORBIDDEN:
        return Forbidden(message, _MEND if _POLICY.search(message) else _RIGHTS)
    kinds: dict[int, type[OutsideError]] = {400: BadRequest, 404: NotFound, 409: Conflict, 410: Expired, 422: Invalid}
    return kinds.get(status, OutsideError)(message)


def of_connection(failed: BaseException, server: str, what: str, *, proxy: str = "") -> OutsideError:
    """Returns the error for a request that brought no answer.

    Args:
        failed: What urllib3, websocket-client or a socket raised.
        server: The server's address.
        what: What was asked.
        proxy: Address of the proxy that connections go through, without a password; empty for none.

    """
    chain = list(_causes(failed))
    names = {type(each).__name__ for each in chain}
    because = _cut(str(chain[-1]))
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in chain):
        # Another try meets the same certificate.
        return OutsideError(
            f"Cannot {what}: the certificate of {server} is not trusted. {because}".rstrip(),
            _RENEW if re.search(r"expired|not yet valid", because) else _TRUST,
        )
    if proxy and (refusal := _of_proxy(chain, names)):
        return Unreachable(f"Cannot {what}: {server} is asked through the proxy {proxy}, and {refusal}.", _PROXY)
    if names & {"NameResolutionError", "gaierror", "WebSocketAddressException"}:
        why = "its name is not known"
    elif any(isinstance(each, ConnectionRefusedError) for each in chain):
        why = "it refuses the connection"
    elif any(isinstance(each, TimeoutError) for each in chain) or any("Timeout" in name for name in names):
        why = "it does not answer in time"
    else:
        why = because or type(failed).__name__
    return Unreachable(f"Cannot {what}: {server} cannot be reached, {why}.", _SERVER)


def _of_proxy(chain: list[BaseException], names: set[str]) -> str:
    """The fault of a proxy in between; empty where it was not the proxy. No socket but its own is connected to."""
    told = next(
        (_cut(str(each)) for each in reversed(chain) if re.search(r"Tunnel connection failed|via proxy", str(each))), ""
    )
    if told:
        return f"that does not let it through: {told}"
    if names & {"NameResolutionError", "gaierror", "WebSocketAddressException"}:
        return "the name of the proxy is not known"
    if any(isinstance(each, ConnectionRefusedError) for each in chain):
        return "the proxy refuses the connection"
    return "the proxy does not answer as one" if names & {"ProxyError", "WebSocketProxyException"} else ""


def of_nonsense(server: str, what: str) -> OutsideError:
    """Returns the error for an answer that no API server gives: a login page, for one."""
    return OutsideError(f"Cannot {what}: {server} answers with something else than an API server would.", _SERVER)


def _causes(failed: BaseException) -> Iterable[BaseException]:
    """Walks from what was raised to what it was raised for, which urllib3 keeps as an argument."""
    seen: BaseException | None = failed
    for _ in range(10):  # such chains are short; one that is a ring ends here
        if seen is None:
            return
        yield seen
        inner = [each for each in (getattr(seen, "reason", None), *seen.args) if isinstance(each, BaseException)]
        seen = inner[0] if inner else seen.__cause__ or seen.__context__


def _said(body: bytes | str) -> str:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, dict):
        text = str(document.get("message") or document.get("reason") or "")
    elif "<html" in text[:_LONGEST].lower():
        text = ""  # an error page of what stands before the server
    return _cut(text)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _seconds(header: str) -> float:
    """Reads Retry-After; a date in it would need clocks to agree, and Kubernetes sends none."""
    return float(header) if header.isascii() and header.isdigit() else 0.0
