"""How the process that keeps the results, the stem and its children speak: numbers one way, lines of JSON the other."""

import json
import struct
from typing import Any

ORDER = struct.Struct("=qq")
"""To the stem: a share, and the number that the new process is known by."""
NUMBER = struct.Struct("=q")
"""To a worker: the number of a file."""
UNTOLD = 70
"""Exit status of a worker that cannot answer, or has nobody to answer to."""

_encode = json.JSONEncoder().encode  # plain ASCII: whatever a file's name or an error holds, it is one line


def line(what: Any) -> bytes:
    """Returns what JSON holds as one line; what it needs is bound before a DAG file can replace it."""
    return _encode(what).encode("ascii") + b"\n"
