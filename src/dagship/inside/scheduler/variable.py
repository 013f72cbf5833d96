"""A variable of the environment, and the DAG version that is current in the image."""

from __future__ import annotations

import os
from typing import Any

_CURRENT = "/opt/airflow/dag-versions/CURRENT"


def ask(name: str) -> dict[str, Any]:
    """Returns both."""
    current = ""
    if os.path.isfile(_CURRENT):
        with open(_CURRENT) as file:
            current = file.read().strip()
    return {"value": os.environ.get(name), "current": current}
