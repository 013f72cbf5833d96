"""Finds modules that lie beside the DAG directory of a version, for whoever has that directory in `sys.path`.

Every interpreter of the image has a finder that asks this one, the last in `sys.meta_path` (`dagship_versions.pth`):
what has the name elsewhere goes first, and this is not imported before a name is nowhere else.
"""

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder

_ROOTS = {"/opt/airflow/dag-versions"}
# Variables with others, for processes that a task starts: those of git, and those that were delivered to the pod.
_OTHERS = ("DAGSHIP_SYNC_ROOT", "DAGSHIP_DELIVERED_ROOT")


def serve(root: str) -> None:
    """Serves the version directories below another root as well."""
    _ROOTS.add(root.rstrip("/"))


def serve_delivered(root: str) -> None:
    """Serves versions that were delivered to the pod, and has the processes that this one starts do so."""
    serve(root)
    os.environ["DAGSHIP_DELIVERED_ROOT"] = root


def version_of(path: str) -> str:
    """Returns the directory of the version whose DAG directory a path is; empty where it is none."""
    version, name = os.path.split(path.rstrip("/"))
    root = os.path.dirname(version)
    served = root in _ROOTS or (root and root in [os.environ.get(name, "").rstrip("/") for name in _OTHERS])
    return version if name == "dags" and served else ""


def find(name: str) -> "ModuleSpec | None":
    """Returns the spec of a module at the top of a version; None where there is none."""
    for entry in sys.path:
        version = version_of(entry) if isinstance(entry, str) else ""
        spec = PathFinder.find_spec(name, [version]) if version else None
        if spec is not None:
            if spec.loader is None:  # a directory without __init__.py: its places are not sought anew in sys.path
                spec.submodule_search_locations = list(spec.submodule_search_locations or ())
            return spec
    return None
