"""What people read in the log: one line of printable text for each event."""

import datetime as dt
import errno
import os
import sys

_LONGEST = 2000
# What the system lacks, and no place does.
_OF_THE_MACHINE = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)


def one_line(text: str) -> str:
    """Returns a text as one line that no control character can leave or colour."""
    joined = " ".join(text.split())
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in joined)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def now() -> str:
    """Returns the time as ISO 8601, in UTC."""
    return dt.datetime.now(tz=dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def say(text: str) -> None:
    """Writes a line to the log."""
    sys.stderr.write(f"{now()} {one_line(text)}\n")
    sys.stderr.flush()


def exception_of(text: str) -> str:
    """Returns the line of a traceback that names the exception, the first below its last frame; or empty."""
    lines = [line for line in text.splitlines() if line.strip()]
    frames = [number for number, line in enumerate(lines) if line.lstrip().startswith('File "')]
    return next((one_line(line) for line in lines[frames[-1] :] if not line.startswith(" ")), "") if frames else ""


def last_line(text: str) -> str:
    """Returns the last line of a text that says something."""
    return one_line(([""] + [line for line in text.splitlines() if line.strip()])[-1])


def unusable(failed: OSError, volume: str, root: str) -> str:
    """Returns a sentence on what the system refused, which need not be the volume.

    Args:
        failed: Its answer.
        volume: The volume, for people.
        root: Where the volume is.

    """
    place, why = failed.filename, failed.strerror or str(failed)
    if place is None and (failed.errno in _OF_THE_MACHINE or "temporary directory" in why):
        return f"The system refused: {why}."
    elsewhere = isinstance(place, str) and not os.path.abspath(place).startswith(root)
    return f"{place if elsewhere else volume} cannot be used: {why}."
