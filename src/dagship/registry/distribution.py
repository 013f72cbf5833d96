"""Speaks the OCI distribution API with a registry, for what the engine does not pass on.

Whoever may push may do this: the credentials are those that `docker login` left, the trust is the system's and what
lies in /etc/docker/certs.d, and plain HTTP is spoken where the engine does so.
"""

import base64
import ipaddress
import re
import ssl
import threading
import warnings
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from dagship.errors import OutsideError, Transient
from dagship.model.reference import Reference
from dagship.registry import answers
from dagship.registry.answers import Answer
from dagship.tls import session

# Seconds to connect, and between two pieces of an answer.
_PATIENCE = (10, 60)
_UNAUTHORIZED, _BUSY, _BROKEN = 401, 429, 500
_CERTIFICATES = Path("/etc/docker/certs.d")
# Docker's own name for its registry, and where that answers.
_HUB, _HUB_HOST = "docker.io", "registry-1.docker.io"
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class _NotTrusted(OutsideError):  # noqa: N818 - what happened
    """TLS fails: another try says the same, unless it is by plain HTTP."""


class Distribution:
    """One repository of a registry; safe for threads.

    Attributes:
        registry: Host and port, as people write it.
        name: Name of the repository there.

    """

    def __init__(self, repository: Reference) -> None:
        self.registry = repository.registry or _HUB
        self.name = repository.name.removeprefix(f"{repository.registry}/") if repository.registry else repository.name
        if self.registry in {_HUB, f"index.{_HUB}"}:
            self.name = self.name if "/" in self.name else f"library/{self.name}"
        self._local = threading.local()
        self._login = threading.Lock()
        self._header: dict[str, str] = {}
        self._base = ""

    def ask(
        self, method: str, path: str, *, accept: str = "", enough: int = 0, body: bytes | None = None, kind: str = ""
    ) -> Answer:
        """Makes one request, logs in when the registry wants it, and returns the answer, whatever its status.

        Args:
            method: HTTP method.
            path: Below `/v2/NAME/`, or absolute.
            accept: What is to come back.
            enough: Bytes of the answer after which the rest is left; 0 to have it whole.
            body: What is sent; None for nothing.
            kind: Its media type.

        Raises:
            Transient: It does not answer, or is not well.
            OutsideError: It refuses the login, is not trusted, or answers without end.

        """
        url = self._found() + (path if path.startswith("/") else f"/v2/{self.name}/{path}")
        headers = {"Accept": accept or "*/*", **({"Content-Type": kind} if kind else {})}
        answer = self._send(method, url, headers, self._header.get(method, ""), enough=enough, body=body)
        if answer.status == _UNAUTHORIZED and (challenge := answer.headers.get("WWW-Authenticate", "")):
            with self._login:
                self._header[method] = self._answer_to(challenge)
            answer = self._send(method, url, headers, self._header[method], enough=enough, body=body)
        _check_well(f"registry {self.registry}", answer)
        return answer

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        authorization: str,
        *,
        enough: int = 0,
        body: bytes | None = None,
    ) -> Answer:
        from requests.exceptions import RequestException, SSLError
        from urllib3.exceptions import HTTPError

        session = self._session()
        headers = {**headers, "Accept-Encoding": "identity"}

        # Given as a function, so that no .netrc takes its place.
        def authorize(request: Any) -> Any:  # noqa: ANN401 - requests' own
            if authorization:
                request.headers["Authorization"] = authorization
            return request

        try:
            response = session.request(
                method, url, headers=headers, auth=authorize, timeout=_PATIENCE, stream=True, data=body
            )
            return answers.take(response, self.registry, enough=enough)
        except SSLError as failed:
            raise self._not_trusted(f"registry {self.registry}", str(failed)) from failed
        except (RequestException, HTTPError, zlib.error) as failed:
            raise Transient(
                f"The registry {self.registry} cannot be reached, or does not speak HTTP.",
                "See whether it is up, whether host and port are right, and any proxy between.",
                str(failed)[:500],
            ) from failed

    def _not_trusted(self, what: str, said: str) -> "_NotTrusted":
        if "CERTIFICATE_VERIFY_FAILED" not in said:
            return _NotTrusted(
                f"The {what} does not speak TLS with this machine.",
                "If it speaks plain HTTP, name it in the engine's insecure-registries; else see what answers there.",
                said[:500],
            )
        return _NotTrusted(
            f"This machine has no trust in the certificate of the {what}.",
            f"Put the authority that signed it into {_CERTIFICATES / self.registry}/ca.crt, as the engine needs too, "
            "and see that the certificate is for that host and not over.",
            said[:500],
        )

    def _session(self) -> Any:  # noqa: ANN401 - requests' own
        """A session of this thread's own: they are not made to be shared."""
        if not hasattr(self._local, "session"):
            trust = ssl.create_default_context()
            for file in sorted((_CERTIFICATES / self.registry).glob("*.crt")):
                try:
                    trust.load_verify_locations(file)
                except OSError as failed:  # of ssl as well
                    raise OutsideError(
                        f"{file} cannot be read as an authority to trust: {failed.strerror or failed}.",
                        "Mend it or its permissions: it lies there for the engine as well.",
                    ) from failed

            self._local.session = session.trusting(trust)
        return self._local.session

    def _found(self) -> str:
        """Scheme and host that answer."""
        with self._login:
            if not self._base:
                host = _HUB_HOST if self.registry in {_HUB, f"index.{_HUB}"} else self.registry
                self._base = self._choose(f"https://{host}", f"http://{host}")
        return self._base

    def _choose(self, secure: str, plain: str) -> str:
        try:
            self._send("GET", f"{secure}/v2/", {}, "")
        except (Transient, _NotTrusted) as first:
            if not _may_be_plain(self.registry):
                raise
            try:
                self._send("GET", f"{plain}/v2/", {}, "")
            except Transient:
                raise first from None
            return plain
        return secure

    def _answer_to(self, challenge: str) -> str:
        """Returns the header that a registry asks for."""
        scheme, _, rest = challenge.partition(" ")
        login = _credentials(self.registry)
        user = login.get("Username") or login.get("username") or ""
        password = login.get("Password") or login.get("password") or ""
        basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
        if scheme.lower() != "bearer":
            return basic
        asked = dict(_CHALLENGE.findall(rest))
        identity = login.get("IdentityToken") or login.get("identitytoken") or ""
        return "Bearer " + self._token(asked, basic, identity)

    def _token(self, asked: Mapping[str, str], basic: str, identity: str) -> str:
        from requests.exceptions import RequestException, SSLError
        from urllib3.exceptions import HTTPError

        what = {name: asked[name] for name in ("service", "scope") if name in asked}
        realm = asked.get("realm", "")
        try:
            if identity:
                form = what | {"grant_type": "refresh_token", "refresh_token": identity, "client_id": "dagship"}
                response = self._session().post(realm, data=form, timeout=_PATIENCE, stream=True)
            else:
                headers = {"Authorization": basic} if basic else {}
                response = self._session().get(realm, params=what, headers=headers, timeout=_PATIENCE, stream=True)
            answer = answers.take(response, self.registry)
        except SSLError as failed:
            raise self._not_trusted(f"login of {self.registry}", str(failed)) from failed
        except (RequestException, HTTPError, zlib.error) as failed:
            raise Transient(
                f"The login of {self.registry} does not answer.", "Try again.", str(failed)[:300]
            ) from failed
        _check_well(f"login of {self.registry}", answer)
        said = (answer.document() or {}) if response.ok else {}
        token = said.get("token") or said.get("access_token") or ""
        if not token:
            raise OutsideError(
                f"The registry {self.registry} refuses you.",
                "docker login to it with an account that may do this.",
                answer.said,
            )
        return str(token)


def _check_well(what: str, answer: Answer) -> None:
    if answer.status == _BUSY:
        raise Transient(
            f"The {what} limits how often it is asked: it answered {answer.status}.",
            "Wait before you try again; or docker login to it: an account may ask more often than nobody.",
            answer.said,
        )
    if answer.status >= _BROKEN:
        raise Transient(
            f"The {what} is not well: it answered {answer.status}.", "Try again; see whether it is up.", answer.said
        )


def _credentials(registry: str) -> Mapping[str, str]:
    """The credentials that `docker login` left for a registry."""
    from docker import auth, credentials, errors

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a helper that is not there: it is an error in words below
            return auth.load_config().resolve_authconfig(registry if registry != _HUB else None) or {}
    except (errors.DockerException, credentials.StoreError) as failed:  # a helper that is not there is the latter
        raise OutsideError(
            f"The login to {registry} cannot be read.",
            "Look at Docker's config.json, in DOCKER_CONFIG or else ~/.docker, and at the helper that it names.",
            str(failed),
        ) from failed


def _may_be_plain(registry: str) -> bool:
    """Whether the engine speaks plain HTTP to a registry: its loopback, and those it was told of."""
    host = registry.rpartition(":")[0].strip("[]") if re.search(r":\d+$", registry) else registry
    if host == "localhost":
        return True
    with suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return True
    from docker import errors, from_env
    from requests.exceptions import RequestException

    try:
        client = from_env()
        try:
            known = (client.info().get("RegistryConfig") or {}).get("IndexConfigs") or {}
        finally:
            client.close()
    except (errors.DockerException, RequestException):
        return False
    return registry in known and not known[registry].get("Secure", True)
