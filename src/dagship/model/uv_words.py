"""Reads what uv says where its exit status does not tell: an index that refuses, a build that fails. Pure."""

import re

from dagship.errors import OutsideError

# It goes on to say that there is no such package.
_REFUSED = re.compile(r"lack of valid authentication credentials|returned a 403 Forbidden")
_FULL = re.compile(r"(?i)no space left on device|disk quota exceeded")
_NOT_BUILT = re.compile(r"Failed to build `([^`]+)`")


def refusal(words: str) -> OutsideError | None:
    """Returns the error for an index that refuses; None where the words say nothing of that."""
    if _REFUSED.search(words) is None:
        return None
    return OutsideError(
        "A package index refuses, so that nobody knows whether it has what is missing.",
        "Check the address and the login in index_url, extra_index_urls or pip_conf.",
        "\n".join(words.strip().splitlines()[-15:])[-3000:],
    )


def says_full(words: str) -> bool:
    """Whether the disk has no room for what was to be installed."""
    return _FULL.search(words) is not None


def not_built(words: str) -> str:
    """Returns the package, `name==version`, that could not be built from its sources; empty for none."""
    found = _NOT_BUILT.search(words)
    return found[1] if found else ""
