"""Prints what is installed beside Airflow, with what each package needs, as JSON; runs on Airflow's own Python."""

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from typing import Any


def canonical(name: str) -> str:
    """Returns a package's name as indexes know it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions() -> "list[dict[str, Any]]":
    """Returns the distributions that this Python imports from, the first of each name, as Python itself chooses."""
    found: dict[str, dict[str, Any]] = {}
    for distribution in metadata.distributions():
        name, version = distribution.metadata["Name"], distribution.version
        if name and version:
            found.setdefault(
                canonical(name),
                {
                    "name": canonical(name),
                    "version": version,
                    "requires_python": distribution.metadata["Requires-Python"] or "",
                    "extras": distribution.metadata.get_all("Provides-Extra") or [],
                    "requires": distribution.requires or [],
                    # Debian's packages, and those of before wheels, do not say which files are theirs.
                    "has_record": bool(distribution.read_text("RECORD")),
                },
            )
    return sorted(found.values(), key=lambda one: str(one["name"]))


def ask(python: str) -> "dict[str, Any]":
    """Asks another Python: its `distributions`, and its `sys.path` and `sys.prefix`."""
    answer = subprocess.run([python, os.path.abspath(__file__)], check=True, capture_output=True, text=True)
    document: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return document


if __name__ == "__main__":
    # The directory of this file comes first in the path of a script; it holds nothing of the image's.
    print(json.dumps({"distributions": distributions(), "path": sys.path[1:], "prefix": sys.prefix}))
