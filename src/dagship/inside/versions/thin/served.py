"""What the dag-processor of this pod serves, as `served.json` in its storage: whoever announced waits for it."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from typing import Optional

NAME = "served.json"


@dataclass(frozen=True)
class Served:
    """What a dag-processor serves.

    Attributes:
        bundle: The name of its bundle.
        version: The id of the DAG version that new runs get.
        tree: Its whole digest, where it was announced; empty for one that the image says is current.
        serial: Of the announcement that was last heeded, or cannot be; 0 for none.
        since: When it began to serve the version.
        why_not: Why it does not serve what is announced; empty where it does.
        dags: Its DAG directory.
        files: What it reads anew since then, relative to the DAG directory; None for all.
        left: How many of them it has not read yet.
        broken: Files that could not be read before.
        failed: Those that it could not read, and could before.

    """

    bundle: str
    version: str = ""
    tree: str = ""
    serial: int = 0
    since: str = ""
    why_not: str = ""
    dags: str = ""
    files: Optional[tuple[str, ...]] = ()
    left: int = 0
    broken: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def write(storage: str, served: Served) -> None:
    """Writes it whole or not at all; where the storage cannot be written, not."""
    partial = os.path.join(storage, f".{NAME}.{os.getpid()}.partial")
    with contextlib.suppress(OSError):
        os.makedirs(storage, exist_ok=True)
        with open(partial, "w", encoding="utf-8") as file:
            json.dump(asdict(served), file)
        os.rename(partial, os.path.join(storage, NAME))


def read(storage: str) -> Optional[Served]:
    """Returns what was written last, None where nothing was."""
    try:
        with open(os.path.join(storage, NAME), encoding="utf-8") as file:
            found = json.load(file)
        for name in ("files", "broken", "failed"):
            found[name] = None if found[name] is None else tuple(found[name])
        return Served(**found)
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return None
