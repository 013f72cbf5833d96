"""Has told what a release changes while it moves things: nobody waits for that, and nothing fails by it."""

import queue
import threading
from collections.abc import Callable
from typing import NamedTuple

from dagship import redaction
from dagship.errors import DagshipError
from dagship.model.artifacts import Target
from dagship.model.kept_document import KeptDocument
from dagship.record.model import Release

Told = KeptDocument | str
"""What a release changed, or why that is not known, in words that follow on a colon; empty where nobody asks."""
Tell = Callable[[tuple[Release, ...], Target], Told]
"""Tells what becomes other when an image takes the place of the last of some releases."""

PATIENCE = 30.0
"""Seconds to wait at the end. Two versions of 300 DAGs take 0.2 s of a processor; a machine may be busy."""


def nobody(_releases: tuple[Release, ...], _target: Target) -> Told:
    """Tells nothing."""
    return ""


Affected = Callable[[tuple[Release, ...], Target, str], tuple[str, ...] | None]
"""Returns the DAG files that an image makes other than at the DAG version of the last release; None for not known."""


def unknown(_releases: tuple[Release, ...], _target: Target, _version: str) -> None:
    """Knows of no file whether it is affected."""


class Compare(NamedTuple):
    """Compares an image with the last release, by what the tests of both saw.

    Attributes:
        tell: Tells what becomes other.
        affected: Finds the DAG files that are affected.

    """

    tell: Tell = nobody
    affected: Affected = unknown


NOTHING = Compare()


def begin(tell: Tell, releases: tuple[Release, ...], target: Target) -> Callable[[float], Told | None]:
    """Begins, and returns what gives the answer within some seconds; None where it is not there by then.

    Args:
        tell: Compares the two.
        releases: Those of this Airflow, the newest last.
        target: The image that takes its place.

    """
    if not releases or not releases[-1].image or not target.image:
        return lambda _seconds: ""  # there is nothing of ours to compare
    answer: queue.Queue[Told] = queue.Queue(maxsize=1)

    def work() -> None:
        try:
            answer.put(tell(releases, target))
        except DagshipError as failed:
            answer.put(failed.message.rstrip("."))
        except Exception as failed:  # noqa: BLE001 - a release is worth more than what is told of it
            answer.put(redaction.addresses(f"it could not be compared ({type(failed).__name__}: {failed})"))

    # One that a registry keeps waiting does not keep this process.
    threading.Thread(target=work, daemon=True, name="what-it-changes").start()

    def within(seconds: float) -> Told | None:
        try:
            return answer.get(timeout=seconds) if seconds else answer.get_nowait()
        except queue.Empty:
            return None

    return within
