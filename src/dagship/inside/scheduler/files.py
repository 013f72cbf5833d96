"""The files of a DAG version as they lie in this pod, each by its digest."""

from __future__ import annotations

import hashlib
import os
import posixpath
from typing import Any, Mapping

from .served import said_by, storage

_VERSIONS = "/opt/airflow/dag-versions"
_DAGS = "dags"


def ask(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the files of `version`: the path of each from the DAG directory on, and its SHA-256.

    Raises:
        OSError: The version is not here, or cannot be read.

    """
    said = said_by(storage(os.environ)) or {}
    served = str(said.get("dags", "")) if said.get("version") == wanted["version"] else ""
    return {"files": digests(os.path.dirname(served) or os.path.join(_VERSIONS, wanted["version"]))}


def digests(directory: str) -> dict[str, str]:
    """Returns those of the directory of a version; an executable file is another one than the same that is none.

    Raises:
        OSError: It cannot be read.

    """
    found = {}
    os.listdir(directory)
    for above, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(above, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    digest = hashlib.sha256(file.read()).hexdigest()
                place = os.path.relpath(path, directory).replace(os.sep, "/")
                mark = "x" if os.stat(path).st_mode & 0o100 else "-"
                found[posixpath.relpath(place, _DAGS)] = f"{mark}{digest}"
    return found
