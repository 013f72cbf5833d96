"""The errors dagship raises, one base with a hint and an exit code.

    DagshipError      2
    ├── Refused       1   examined, and the answer is no: DAGs broken, lock stale, requirements in conflict
    ├── UsageError    2   wrong usage or wrong input; nothing was done
    └── OutsideError  3   the engine, the registry or the package index failed
        └── Transient     the same, and another try may succeed

Ctrl-C, SIGTERM and SIGHUP end with 130. Only the command line turns these into output and an exit status.
"""

import errno
from typing import ClassVar

# What the operating system refuses because of the machine's state, and not because of what it was asked for.
_OF_THE_MACHINE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EPIPE, errno.ECONNRESET}
)


class DagshipError(Exception):
    """Something a user can act on.

    Args:
        message: One sentence: what happened and, where known, why.
        hint: What to do about it, one sentence; empty when there is nothing to add.
        detail: What another program said, shown below the message; may have many lines.

    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail


class Refused(DagshipError):  # noqa: N818 - named after the answer, as the exit code is
    """The input was examined and the answer is no."""

    exit_code = 1


class UsageError(DagshipError):
    """The call or its input is wrong; nothing was changed."""

    exit_code = 2


class OutsideError(DagshipError):
    """The engine, the registry or the package index failed."""

    exit_code = 3


class Transient(OutsideError):  # noqa: N818 - an adjective that push decides on
    """An outside failure that another try may overcome."""


INTERRUPTED = 130


class Interrupted(DagshipError):  # noqa: N818 - what happened
    """Ctrl-C, SIGTERM or SIGHUP came at a moment when the user must know how things stand."""

    exit_code = INTERRUPTED


def of_system(failed: OSError) -> type[DagshipError]:
    """Returns which error it is that the operating system refused something: the machine's, or that of the call."""
    return OutsideError if failed.errno in _OF_THE_MACHINE else UsageError
