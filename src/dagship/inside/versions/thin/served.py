"""What the dag-processor of this pod serves, as `served.json` in its storage: whoever announced waits for it."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from typing import Optional

from ..text import now, one_line

NAME = "served.json"


@dataclass(frozen=True)
class Served:
    """What a dag-processor serves.

    Attributes:
        version: The id of the DAG version that new runs get.
        tree: Its whole digest, where it was announced; empty for one that the image says is current.
        serial: Of the announcement that was last heeded or refused, 0 for none.
        since: When it began to serve the version.
        why_not: Why it does not serve what is announced; empty where it does.
        files: What it reads anew since then, relative to the DAG directory; None for all.

    """

    version: str
    tree: str = ""
    serial: int = 0
    since: str = ""
    why_not: str = ""
    files: Optional[tuple[str, ...]] = None


def write(storage: str, served: Served) -> None:
    """Writes it whole or not at all; where the storage cannot be written, not."""
    document = {**asdict(served), "since": served.since or now(), "why_not": one_line(served.why_not)}
    partial = os.path.join(storage, f".{NAME}.{os.getpid()}.partial")
    with contextlib.suppress(OSError):
        os.makedirs(storage, exist_ok=True)
        with open(partial, "w", encoding="utf-8") as file:
            json.dump(document, file)
        os.rename(partial, os.path.join(storage, NAME))


def read(storage: str) -> Optional[Served]:
    """Returns what was written last, None where nothing was."""
    try:
        with open(os.path.join(storage, NAME), encoding="utf-8") as file:
            found = json.load(file)
        files = found.pop("files")
        return Served(**found, files=None if files is None else tuple(files))
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return None
