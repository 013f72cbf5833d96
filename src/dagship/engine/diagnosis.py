"""What the engine's words mean: the only module that tells failures apart by their text.

Docker gives no error codes on its command line, so the words it is. Each is recorded in tests/unit/test_diagnosis.py.
"""

import re

from dagship.errors import DagshipError, OutsideError, Refused, Transient, UsageError

_DOWN = (
    "Cannot connect to the Docker daemon",
    "error during connect",
    "Is the docker daemon running",
    "Error while fetching server API version",
)
_NO_PERMISSION = ("permission denied while trying to connect to the Docker",)
_NO_BUILDX = (
    "'buildx' is not a docker command",
    "unknown command: docker buildx",
    "unknown flag: --progress",
    "unknown flag: --metadata-file",
)
_TOO_OLD = ("unknown flag: link", "Unknown flag: link", "unknown flag: --provenance", "unknown flag: --build-context")
# Said by docker-py, and by the command.
_NO_HELPER = re.compile(r"(docker-credential-[\w.-]+)(?: not installed|\"?: executable file not found)")
_NO_LOGIN = ("Credentials store error", "error getting credentials")
_FULL = ("no space left on device", "disk quota exceeded")
_NO_IMAGE = ("No such image", "no such image")
_NOT_UNPACKED = re.compile(r"snapshot \S+ does not exist")
_NOT_FOUND = ("not found", "does not exist", "manifest unknown", "MANIFEST_UNKNOWN", "name unknown")
_DENIED = (
    "denied",
    "unauthorized",
    "401 Unauthorized",
    "403 Forbidden",
    "no basic auth credentials",
    "authentication required",
    "insufficient_scope",
)
# pip's, on what dagship brings a list with hashes of: the resolver, the installer and pytest.
_OTHER_FILE = "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE"
# Each registry has words of its own for it; this one is in those of ECR, Harbor, Artifact Registry and Docker Hub. In
# the name of a repository it says nothing.
_IMMUTABLE = re.compile(r"""(?<![\w/.'":-])immutab(?:le|ility)(?![\w/'":-]|\.\w)""", re.IGNORECASE)
# Python's, pip's and uv's words; those of a registry are others.
_UNTRUSTED = re.compile(r"CERTIFICATE_VERIFY_FAILED|invalid peer certificate|SSLCertVerificationError")
# The engine's words for TLS that fails the same way each time; a handshake that takes too long is another matter.
_NOT_SIGNED = re.compile(r"x509: |tls: failed to verify certificate")
_NO_TLS = re.compile(r"server gave HTTP response to HTTPS client|first record does not look like a TLS handshake")
_TLS_ALERT = re.compile(r"remote error: tls: |tls: (?:protocol version not supported|handshake failure)")
_NO_DEBIAN_PACKAGE = re.compile(r"E: Unable to locate package ([a-z0-9][a-z0-9+.-]*)")
_TRANSIENT = (
    "timeout", "timed out", "EOF", "connection reset", "broken pipe", "TLS handshake", "429 Too Many",
    "toomanyrequests",
    "500 Internal", "502 Bad", "503 Service", "504 Gateway", "i/o timeout", "connection refused", "Temporary failure",
)  # fmt: skip

MINIMUM = "Docker 23 with buildx 0.12"


def says_no_such_image(text: str) -> bool:
    """Whether the engine answered, and has no such image."""
    return _any(_NO_IMAGE, text)


def says_not_unpacked(text: str) -> bool:
    """Whether the engine has the image, and has not unpacked all of its layers."""
    return _NOT_UNPACKED.search(text) is not None


def says_not_in_registry(text: str) -> bool:
    """Whether the registry answered, and has no such image."""
    return _any(_NOT_FOUND, text) and not _any(_TRANSIENT, text)


def of_login(text: str) -> OutsideError | None:
    """Returns the error for a login that cannot be read from where it is kept; None where that is not it."""
    missing = _NO_HELPER.search(text)
    if missing is not None:
        return OutsideError(
            f"Docker's configuration has logins kept by {missing[1]}, and there is no such program.",
            "Install it; or take it out of credsStore and credHelpers in Docker's config.json, and docker login again.",
        )
    if _any(_NO_LOGIN, text):
        return OutsideError(
            "The program that keeps Docker's logins failed.",
            "It is named by credsStore or credHelpers in Docker's config.json.", _tail(text, 2),
        )  # fmt: skip
    return None


def of_engine(text: str) -> OutsideError:
    """Returns the error for a failed call to the engine itself."""
    if _any(_NO_PERMISSION, text):
        return OutsideError(
            "The container engine refuses this user.",
            "Add the user to the group docker, or run as one who may.",
            _tail(text),
        )
    if _any(_DOWN, text):
        return OutsideError(
            "The container engine does not answer.",
            "Start Docker, or point DOCKER_HOST at one that runs; script/engine up starts one on bare Debian.",
            _tail(text, 2),
        )
    if _any(_NO_BUILDX, text):
        return OutsideError(
            "Docker has no buildx.", f"Install docker-buildx (docker-buildx-plugin); dagship needs {MINIMUM} or newer."
        )
    if _any(_TOO_OLD, text):
        return OutsideError("The container engine is too old.", f"dagship needs {MINIMUM} or newer.", _tail(text, 2))
    if _any(_FULL, text):
        return OutsideError(
            "The engine's disk is full.",
            "Free space: docker system df shows what takes it, docker builder prune gives it back.",
            _tail(text, 2),
        )  # fmt: skip
    return of_login(text) or OutsideError("The container engine failed.", "", _tail(text))


OF_A_BASE = "Build one from Debian and PyPI packages with `base`, or name another with --base."


def of_pull(reference: str, text: str, advice: str = OF_A_BASE) -> OutsideError:
    """Returns the error for an image that cannot be had; `advice` is what to do where that one is not to be had."""
    if of_login(text) or _any((*_DOWN, *_NO_PERMISSION, *_FULL), text):
        return of_engine(text)
    if _any(_DENIED, text):
        return OutsideError(
            f"The image {reference} is not there, or its registry refuses you.",
            f"docker login, if it needs one. {advice}",
            _tail(text, 2),
        )
    if _any(_NOT_FOUND, text):
        return OutsideError(f"The image {reference} does not exist.", advice, _tail(text, 2))
    said = _of_tls(f"The image {reference} cannot be pulled", text)
    if said is not None:
        return said
    return OutsideError(
        f"The image {reference} cannot be pulled: its registry cannot be reached.", advice, _tail(text, 2)
    )


def _of_tls(what: str, text: str) -> OutsideError | None:
    """Returns the error for a registry that will never be spoken to as things are set up; None where TLS is not it."""
    if _NOT_SIGNED.search(text):
        return OutsideError(
            f"{what}: the engine does not trust the certificate of the registry.",
            "Put the authority that signed it into /etc/docker/certs.d/HOST:PORT/ca.crt where the engine runs, and see "
            "that the certificate is for that host and not over.",
            _tail(text, 2),
        )
    if _NO_TLS.search(text):
        return OutsideError(
            f"{what}: the registry speaks plain HTTP, and the engine asks for TLS.",
            "Name its host and port in the engine's insecure-registries, or check them.",
            _tail(text, 2),
        )
    if _TLS_ALERT.search(text):
        return OutsideError(
            f"{what}: the registry and the engine do not agree on TLS.",
            "See what the registry asks for: a client's certificate lies in /etc/docker/certs.d/HOST:PORT/ as well.",
            _tail(text, 2),
        )
    return None


def of_build(text: str) -> DagshipError:
    """Returns the error for a build that failed; `text` is BuildKit's plain progress."""
    said = _of_packages(text)
    if said is not None:
        return said
    base = re.search(r"ERROR: failed to solve: (\S+): (?:failed to resolve source metadata|.*not found)", text)
    if base is not None:
        return of_pull(base[1].rstrip(":"), text)
    if of_login(text) or _any((*_DOWN, *_NO_PERMISSION, *_NO_BUILDX, *_TOO_OLD, *_FULL), text):
        return of_engine(text)
    if _any(("failed to push", "error from registry", "unexpected status"), text):
        return of_push("the image", text)
    no_builder = re.search(r'ERROR: no builder "([^"]*)" found', text)
    if no_builder is not None:
        return OutsideError(f"There is no buildx builder {no_builder[1]!r}.", "docker buildx ls lists them.")
    return OutsideError("The build failed.", "The last lines of the failing step are above.", _failing_step(text))


def _of_packages(text: str) -> DagshipError | None:
    """What a step that installs packages says of the index, or of Debian; None when it is something else."""
    if _OTHER_FILE in text:
        return Refused(
            "A tool that the build installs is not the file that dagship names: its hash is another.",
            "Somebody may have put another file on the index, or between it and you: find out before you trust it.",
            _failing_step(text),
        )
    if _UNTRUSTED.search(text) is not None:
        return OutsideError(
            "The package index shows a certificate that the build does not trust.",
            "It may be a proxy's. Name the file of the authority that signed it with --ca-cert or the setting ca_cert.",
            _failing_step(text),
        )
    if (unknown := _NO_DEBIAN_PACKAGE.search(text)) is not None:
        return UsageError(
            f"Debian has no package {unknown[1]} for this base image.",
            "system_packages and build_packages name Debian's packages.",
        )
    return None


def of_push(reference: str, text: str) -> OutsideError:
    """Returns the error for a refused or failed push, `Transient` when another try may succeed."""
    return _of_tls(f"The registry did not take {reference}", text) or _of_answer(reference, text)


def _of_answer(reference: str, text: str) -> OutsideError:
    if _IMMUTABLE.search(text):
        return OutsideError(
            f"The registry lets nobody move the tag of {reference}: it has another image there.",
            "Run build again: it takes that image if it is of the same content, which it looks for where the "
            "repository's name begins with the registry's host. After build --force, delete the tag there first.",
            _tail(text, 3),
        )
    if _any(_DENIED, text):
        return OutsideError(
            f"The registry refuses {reference}.",
            "docker login to it with an account that may push there.",
            _tail(text, 3),
        )
    if _any(_FULL, text):
        return OutsideError(f"The registry has no room for {reference}.", "Free space in the registry.", _tail(text, 3))
    if _any(_TRANSIENT, text):
        return Transient(
            f"The registry did not take {reference}.", "Try again; see whether the registry is up.", _tail(text, 3)
        )
    if "<" in text:
        return OutsideError(
            f"What answers for {reference} is not a registry: it sent a page.",
            "Check the registry's host and port, and any proxy between.", _tail(text, 3),
        )  # fmt: skip
    return OutsideError(f"The registry did not take {reference}.", "", _tail(text, 3))


def _failing_step(text: str) -> str:
    """What the failing step printed, with its name and the closing line; or the last lines.

    Read from the progress itself: the summary that BuildKit prints at the end may come before the last lines do.
    """
    failing = re.search(r"^#(\d+) ERROR: ", text, re.MULTILINE)
    if failing is None:
        return _tail(text)
    number = re.escape(failing[1])
    named = re.search(rf"^#{number} (\[.*)$", text, re.MULTILINE)
    printed = re.findall(rf"^#{number} \d+\.\d+ (.*)$", text, re.MULTILINE)
    return _tail("\n".join([*([named[1]] if named else []), *printed[-40:], _tail(text, 1)]), 42)


def _tail(text: str, lines: int = 15) -> str:
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])[-4000:]


def _any(words: tuple[str, ...], text: str) -> bool:
    return any(word in text for word in words)
