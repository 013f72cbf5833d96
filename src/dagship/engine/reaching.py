"""Explains why the engine is not reached, by the words of the docker command, of buildx and of docker-py.

Each is recorded in tests/unit/engine/test_reaching.py, and those of TLS come from a real server in tests/engine.
"""

import re

from dagship.engine.causes import Cause, first
from dagship.errors import OutsideError

# Whoever says one of these speaks of the engine itself; what comes after it is of a registry, or of a build.
_OF_THE_ENGINE = re.compile(
    r"(?im)error during connect|Cannot connect to the Docker daemon|failed to connect to the docker API"
    r"|Is the docker daemon running|Error while fetching server API version|unable to resolve docker endpoint"
    r"|permission denied while trying to connect to the docker|^(?:ERROR: )?open \S*/(?:ca|cert|key)\.pem: "
    r'|context "[^"]*": context not found|sent an HTTP request to an HTTPS server|unable to parse docker host'
    r"|client version \S+ is too (?:new|old)|Path to a certificate and key files|Invalid CA certificate"
    r"|Invalid bind address|Install paramiko"
)


_TLS = "DOCKER_CERT_PATH (else ~/.docker)"
_ADDRESS = "Check DOCKER_HOST, or the context in use: docker context ls."

# The first that fits: a failure of TLS is said within one to connect, and one to connect may be anything.
_CAUSES = (
    Cause(
        r'context "[^"]*": context not found',
        "There is no such Docker context.",
        "docker context ls lists them; DOCKER_CONTEXT, or else docker context use, chose this one.",
    ),
    Cause(
        r"(?:ca|cert|key)\.pem: |Path to a certificate and key files|Invalid CA certificate",
        "The files for speaking TLS with the container engine cannot be read.",
        f"ca.pem, cert.pem and key.pem must lie in {_TLS}: DOCKER_TLS_VERIFY or the context asks for TLS.",
    ),
    Cause(
        r"certificate has expired",
        "The certificate of the container engine is over, or not valid yet.",
        "Have it renewed where the engine runs; or this machine's clock is wrong.",
    ),
    Cause(
        r"x509: (?:cannot validate certificate|certificate is (?:not )?valid) for|mismatch, certificate is not",
        "The certificate of the container engine is for another name.",
        "Name the engine in DOCKER_HOST as its certificate does, or have it made for that name.",
    ),
    Cause(
        r"CERTIFICATE_VERIFY_FAILED",
        "The certificate of the container engine is not trusted.",
        f"ca.pem in {_TLS} must be of the authority that signed it. Where REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE is set, "
        "docker-py reads that file instead: put the authority there as well, or unset them.",
    ),
    Cause(
        r"x509: |failed to verify certificate",
        "The certificate of the container engine is not trusted.",
        f"ca.pem in {_TLS} must be of the authority that signed it.",
    ),
    Cause(
        r"remote error: tls: |_ALERT_",
        "The container engine does not take this client's certificate, or its TLS.",
        f"cert.pem and key.pem in {_TLS} must be signed by the authority that the engine trusts.",
    ),
    Cause(
        r"does not look like a TLS handshake|gave HTTP response to HTTPS client|WRONG_VERSION_NUMBER",
        "The container engine is asked for TLS, and what answers speaks plain HTTP.",
        "Check the host and port of DOCKER_HOST, or of the context in use: by custom, 2376 is the one with TLS.",
    ),
    Cause(
        r"sent an HTTP request to an HTTPS server",
        "The container engine speaks TLS, and is asked without.",
        f"Set DOCKER_TLS_VERIFY=1, with ca.pem, cert.pem and key.pem in {_TLS}.",
    ),
    Cause(
        r"(?i)permission denied while trying to connect|PermissionError\(",
        "The container engine refuses this user.",
        "Add the user to the group that its socket has, docker by custom, and log in anew; or run as one who may.",
    ),
    Cause(
        r"client version \S+ is too new",
        "The container engine is too old for what it is asked.",
        "Unset DOCKER_API_VERSION where it is set; else upgrade the engine.",
    ),
    Cause(
        r"client version \S+ is too old",
        "The docker command is too old for the container engine.",
        "Unset DOCKER_API_VERSION where it is set; else upgrade the command.",
    ),
    Cause(
        r"unable to parse docker host|Invalid bind address",
        "The address of the container engine is none.",
        f"It is unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST. {_ADDRESS}",
    ),
    Cause(
        r"Install paramiko",
        "The container engine is reached by ssh, and docker-py lacks what it needs for that.",
        "Install paramiko beside dagship: pip install 'docker[ssh]'.",
    ),
    Cause(
        r"command \[ssh ",
        "The container engine is not reached by ssh.",
        "Try it by hand: ssh USER@HOST docker version, with the address in DOCKER_HOST or in the context in use.",
    ),
    Cause(
        r"no such host|NameResolutionError|Name or service not known|Temporary failure in name resolution",
        "The container engine's host is not found.",
        _ADDRESS,
    ),
    Cause(
        r"fetching server API version: [45]\d\d ",
        "What answers as the container engine refuses, or has failed.",
        f"Its words are above. {_ADDRESS}",
    ),
    Cause(
        r"\bEOF\b|RemoteDisconnected|broken pipe|connection reset|ConnectionResetError",
        "The container engine hung up without an answer.",
        "See whether it is up, and whether its port speaks TLS: that takes DOCKER_TLS_VERIFY=1, and the files in "
        f"{_TLS}.",
    ),
    Cause(
        r"timed? ?out|deadline exceeded|no route to host|network is unreachable|\[Errno (?:101|110|113)\]",
        "The container engine's host does not answer.",
        f"See whether it is up, and whether this machine reaches it. {_ADDRESS}",
    ),
    Cause(
        r"",
        "The container engine does not answer.",
        "Start Docker, or point DOCKER_HOST at one that runs; in dagship's own repository, script/engine up starts "
        "one on bare Debian.",
    ),
)


def of(text: str) -> OutsideError | None:
    """Returns the error for an engine that is not reached; None where the text says nothing of that."""
    return first(_CAUSES, text, lines=2) if _OF_THE_ENGINE.search(text) else None
