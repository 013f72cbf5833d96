"""Explains why a pull, a push or a look in the registry fails, by the engine's words."""

import re

from dagship.engine.causes import Cause, first, tail
from dagship.errors import OutsideError

_NOT_FOUND = r"not found|does not exist|(?i:manifest unknown|manifest_unknown|name unknown)"
_DENIED = (
    r"denied|unauthorized|401 Unauthorized|403 Forbidden|no basic auth credentials|authentication required"
    "|insufficient_scope"
)
_TOO_OFTEN = r"429 Too Many|(?i:toomanyrequests)"
_TRANSIENT = (
    rf"timeout|timed out|EOF|connection reset|broken pipe|TLS handshake|{_TOO_OFTEN}|500 Internal|502 Bad|503 Service"
    "|504 Gateway|i/o timeout|connection refused|Temporary failure"
)
# Docker's store says it, containerd's, and the engine of an image that it has. The first ends in "not found".
_NO_PLATFORM = r"no match for platform in|no matching manifest for|does not (?:provide|match) the specified platform"
_FULL = (
    r"no space left on device|disk quota exceeded"
    r"|(?i:exceed\w* (?:the configured upper limit|[\w ]*quota)|quota [\w ]*exceeded)"
)
# Each registry has words of its own for it; this one is in those of ECR, Harbor, Artifact Registry and Docker Hub. In
# the name of a repository it says nothing.
_IMMUTABLE = r"""(?<![\w/.'":-])(?i:immutab(?:le|ility))(?![\w/'":-]|\.\w)"""

# What fails the same way each time; a handshake that takes too long is another matter.
_ON_THE_WAY = (
    Cause(
        r"proxyconnect tcp",
        "{what}: the proxy that the engine goes through cannot be used.",
        "docker info shows it; it is set in the engine's own configuration, not in this shell.",
    ),
    Cause(
        r"x509: |tls: failed to verify certificate",
        "{what}: the engine does not trust the certificate of the registry.",
        "Put the authority that signed it into /etc/docker/certs.d/HOST:PORT/ca.crt where the engine runs, and see "
        "that the certificate is for that host and not over.",
    ),
    Cause(
        r"server gave HTTP response to HTTPS client|first record does not look like a TLS handshake",
        "{what}: the registry speaks plain HTTP, and the engine asks for TLS.",
        "Name its host and port in the engine's insecure-registries, or check them.",
    ),
    Cause(
        r"remote error: tls: |tls: (?:protocol version not supported|handshake failure)",
        "{what}: the registry and the engine do not agree on TLS.",
        "See what the registry asks for: a client's certificate lies in /etc/docker/certs.d/HOST:PORT/ as well.",
    ),
)
_PULLED = (
    Cause(
        _NO_PLATFORM,
        "The image {what} is there, but not for the platform that it is to be used on.",
        "docker buildx imagetools inspect shows those that it is for. {advice}",
    ),
    Cause(
        _DENIED,
        "The image {what} is not there, or its registry refuses you.",
        "docker login, if it needs one. {advice}",
    ),
    Cause(_NOT_FOUND, "The image {what} does not exist.", "{advice}"),
)
_UNREACHED = (
    Cause(
        r"dial tcp|no such host|i/o timeout|TLS handshake timeout|Client\.Timeout|deadline exceeded|: EOF",
        "The image {what} cannot be pulled: its registry cannot be reached.",
        "{advice}",
    ),
    Cause(
        _TOO_OFTEN,
        "The image {what} cannot be pulled now: its registry limits how often that is done.",
        "Wait, or docker login to it: an account may do it more often than nobody.",
    ),
)
_A_PAGE = Cause(
    r"(?i)invalid character '<'|<html|<!doctype",
    "What answers for {what} is not a registry: it sent a page.",
    "Check the registry's host and port, and any proxy between.",
)
_PUSHED = (
    Cause(
        _IMMUTABLE,
        "The registry lets nobody move the tag of {what}: it has another image there.",
        "Run build again: it takes that image if it is of the same content, which it looks for where the repository's "
        "name begins with the registry's host. After build --force, delete the tag there first.",
    ),
    Cause(
        r"does not exist locally|tag does not exist",
        "The engine that is to push {what} does not have it.",
        "Run build again. docker-py pushes, and asks DOCKER_HOST, not the context that the docker command has in use: "
        "where those are two engines, set DOCKER_HOST.",
    ),
    Cause(_FULL, "The registry has no room for {what}.", "Free space in the registry, or have its quota raised."),
    Cause(
        _DENIED,
        "The registry refuses {what}.",
        "docker login to it with an account that may push there; some registries want the repository made first.",
    ),
    Cause(
        r"(?i)name[ _]unknown|repository [^:]*does not exist",
        "The registry has no repository for {what}.",
        "Make it there first, or check its name in `repository`.",
    ),
    Cause(_TRANSIENT, "The registry did not take {what}.", "Try again; see whether the registry is up.", passing=True),
    _A_PAGE,
)
_ASKED = (
    Cause(
        _DENIED, "The registry does not say what {what} is.", "docker login to it with an account that may read there."
    ),
    Cause(
        _TRANSIENT,
        "The registry does not answer for {what}.",
        "Try again; see whether the registry is up.",
        passing=True,
    ),
    _A_PAGE,
)


def says_not_in_registry(text: str) -> bool:
    """Whether the registry answered, and has no such image."""
    # To whom it does not let in a registry says "does not exist or may require authorization".
    other = f"{_TRANSIENT}|{_NO_PLATFORM}|{_DENIED}"
    return re.search(_NOT_FOUND, text) is not None and not re.search(other, text)


def says_other_platform(text: str) -> bool:
    """Whether the registry has the image, and not for the platform that was asked for."""
    return re.search(_NO_PLATFORM, text) is not None


def of_pull(reference: str, text: str, advice: str) -> OutsideError:
    """Returns the error for an image that cannot be had; `advice` is what to do where that one is not to be had."""
    return (
        first(_PULLED, text, lines=2, what=reference, advice=advice)
        or first(_ON_THE_WAY, text, lines=2, what=f"The image {reference} cannot be pulled")
        or first(_UNREACHED, text, lines=2, what=reference, advice=advice)
        or OutsideError(f"The image {reference} cannot be pulled.", advice, tail(text, 2))
    )


def of_push(reference: str, text: str) -> OutsideError:
    """Returns the error for a refused or failed push, `Transient` when another try may succeed."""
    return (
        first(_ON_THE_WAY, text, lines=3, what=f"The registry did not take {reference}")
        or first(_PUSHED, text, lines=3, what=reference)
        or OutsideError(f"The registry did not take {reference}.", "", tail(text, 3))
    )


def of_asking(reference: str, text: str) -> OutsideError:
    """Returns the error for a registry that does not say what it has, `Transient` when another try may succeed."""
    return (
        first(_ON_THE_WAY, text, lines=3, what=f"The registry cannot be asked for {reference}")
        or first(_ASKED, text, lines=3, what=reference)
        or OutsideError(f"The registry cannot be asked for {reference}.", "", tail(text, 3))
    )
