"""Explains why a container that serves does not start. Pure.

The words are the engine's and Docker Desktop's; those of an engine on this machine are met in tests/engine/test_dev.py.
"""

from dagship.engine import diagnosis
from dagship.engine.causes import Cause, first
from dagship.errors import DagshipError, UsageError

_TAKEN = Cause(
    r"port is already allocated|address already in use|ports are not available",
    "The port {what} of this machine cannot be had: something listens there, or it is kept from you.",
    "Name another with --port, or none: then a free one is taken.",
)
_NOT_SEEN = Cause(
    r"bind source path does not exist|[Mm]ounts denied|is not shared from the host",
    "The container engine does not see the project's directories.",
    "It takes an engine on this machine. Docker Desktop lists under Resources, File sharing, what it sees.",
)


def of(text: str, port: int) -> DagshipError:
    """Returns the error for a container that was not to be started."""
    if (taken := first([_TAKEN], text, lines=1, what=str(port))) is not None:
        return UsageError(taken.message, taken.hint, taken.detail)
    return first([_NOT_SEEN], text, lines=1) or diagnosis.of_engine(text)
