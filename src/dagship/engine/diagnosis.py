"""Explains the engine's errors; `reaching` explains why it is not reached, `refusing` what a registry said to it.

Docker gives no error codes on its command line, so the words it is. Each is recorded in
tests/unit/engine/test_diagnosis.py.
"""

import re

from dagship.engine import reaching, refusing
from dagship.engine.causes import tail
from dagship.errors import DagshipError, OutsideError, Refused, UsageError

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
# pip's, on what dagship brings a list with hashes of: the resolver, the installer and pytest.
_OTHER_FILE = "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE"
# Python's, pip's and uv's words; those of a registry are others.
_UNTRUSTED = re.compile(r"CERTIFICATE_VERIFY_FAILED|invalid peer certificate|SSLCertVerificationError")
# apt-get update warns of it and succeeds; what is then not found may well be there.
_NO_DEBIAN = re.compile(r"[WE]: (?:Failed to fetch|Some index files failed to download)")
_NO_DEBIAN_PACKAGE = re.compile(r"E: Unable to locate package ([a-z0-9][a-z0-9+.-]*)")

MINIMUM = "Docker 23 with buildx 0.12"


def says_no_such_image(text: str) -> bool:
    """Whether the engine answered, and has no such image."""
    return _any(_NO_IMAGE, text)


def says_not_unpacked(text: str) -> bool:
    """Whether the engine has the image, and has not unpacked all of its layers."""
    return _NOT_UNPACKED.search(text) is not None


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
            "It is named by credsStore or credHelpers in Docker's config.json.", tail(text, 2),
        )  # fmt: skip
    return None


def of_engine(text: str) -> OutsideError:
    """Returns the error for a failed call to the engine itself."""
    if (unreached := reaching.of(text)) is not None:
        return unreached
    if _any(_NO_BUILDX, text):
        return OutsideError(
            "Docker has no buildx.", f"Install docker-buildx (docker-buildx-plugin); dagship needs {MINIMUM} or newer."
        )
    if _any(_TOO_OLD, text):
        return OutsideError("The container engine is too old.", f"dagship needs {MINIMUM} or newer.", tail(text, 2))
    if _any(_FULL, text):
        return OutsideError(
            "The engine's disk is full.",
            "Free space: docker system df shows what takes it, docker builder prune gives it back.",
            tail(text, 2),
        )  # fmt: skip
    return of_login(text) or OutsideError("The container engine failed.", "", tail(text))


OF_A_BASE = "Build one from Debian and PyPI packages with `base`, or name another with --base or the setting base."
_OF_A_BUILDER = "A builder other than the engine's own finds only what a registry has: push the base to one."


def of_pull(reference: str, text: str, advice: str = OF_A_BASE) -> OutsideError:
    """Returns the error for an image that cannot be had; `advice` is what to do where that one is not to be had."""
    if of_login(text) or reaching.of(text) or _any(_FULL, text):
        return of_engine(text)
    return refusing.of_pull(reference, text, advice)


def of_build(text: str) -> DagshipError:
    """Returns the error for a build that failed; `text` is BuildKit's plain progress."""
    said = _of_packages(text)
    if said is not None:
        return said
    base = re.search(r"ERROR: failed to solve: (\S+): (?:failed to resolve source metadata|.*not found)", text)
    if base is not None:
        return of_pull(base[1].rstrip(":"), text, f"{OF_A_BASE} {_OF_A_BUILDER}")
    # Whose disk is full is said beside it: of the registry when it takes no image, else of the engine.
    pushing = "failed to push" in text
    if of_login(text) or reaching.of(text) or _any((*_NO_BUILDX, *_TOO_OLD, *(() if pushing else _FULL)), text):
        return of_engine(text)
    if _any(("failed to push", "error from registry", "unexpected status"), text):
        return refusing.of_push("the image", text)
    no_builder = re.search(r'ERROR: no builder "([^"]*)" found', text)
    if no_builder is not None:
        return OutsideError(f"There is no buildx builder {no_builder[1]!r}.", "docker buildx ls lists them.")
    return OutsideError("The build failed.", "The last lines of the failing step are above.", _failing_step(text))


def _of_packages(text: str) -> DagshipError | None:
    """Explains a step that could not fetch packages from the index or from Debian; None when it is something else."""
    if _OTHER_FILE in text:
        return Refused(
            "A tool that the build installs is not the file that dagship names: its hash is another.",
            "Somebody may have put another file on the index, or between it and you: find out before you trust it.",
            _failing_step(text),
        )
    if _UNTRUSTED.search(text) is not None:
        return OutsideError(
            "The package index shows a certificate that the build does not trust.",
            "It may be a proxy's. Name the file of the authority that signed it with --ca-cert or the setting ca_cert, "
            "and see that the certificate is for that host and not over.",
            _failing_step(text),
        )
    if _NO_DEBIAN.search(text) is not None:
        return OutsideError(
            "Debian's archive could not be read by the build, or not all of it.",
            "See the lines above, and whether a build on this engine reaches it.",
            _failing_step(text),
        )
    if (unknown := _NO_DEBIAN_PACKAGE.search(text)) is not None:
        return UsageError(
            f"Debian has no package {unknown[1]} for this base image.",
            "system_packages and build_packages name Debian's packages.",
        )
    return None


def _failing_step(text: str) -> str:
    """The output of the failing step, with its name and the closing line; or the last lines.

    Read from the progress itself: the summary that BuildKit prints at the end may come before the last lines do.
    """
    failing = re.search(r"^#(\d+) ERROR: ", text, re.MULTILINE)
    if failing is None:
        return tail(text)
    number = re.escape(failing[1])
    named = re.search(rf"^#{number} (\[.*)$", text, re.MULTILINE)
    printed = re.findall(rf"^#{number} \d+\.\d+ (.*)$", text, re.MULTILINE)
    return tail("\n".join([*([named[1]] if named else []), *printed[-40:], tail(text, 1)]), 42)


def _any(words: tuple[str, ...], text: str) -> bool:
    return any(word in text for word in words)
