"""Packages of the project itself: how their sources are told apart, and what is said when one cannot be built. Pure."""

import hashlib

from dagship.errors import Refused


def digest_of(archive: bytes) -> str:
    """Returns the digest of a package's sources, hex.

    Args:
        archive: They, as a tar archive that is the same for the same ones.

    """
    return hashlib.sha256(archive).hexdigest()


def not_built(path: str, words: str) -> Refused:
    """Returns the error for a package that could not be built to a wheel.

    Args:
        path: Its directory.
        words: What the tool that builds it said.

    """
    return Refused(
        f"The {'project itself' if path == '.' else f'package {path} of the project'} could not be built to a wheel.",
        "The words above tell why. It is built from its directory alone, without .git and what .dockerignore leaves "
        "out; what it needs of Debian for that goes into build_packages.",
        "\n".join(words.strip().splitlines()[-15:])[-3000:],
    )
