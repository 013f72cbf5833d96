"""What a DAG file leaves behind in the process that imported it, and what of it can be taken back.

A helper module that stays imported, or a directory that stays in `sys.path`, would let the next file pass for a reason
that it does not have in the dag-processor, where every file has a process of its own.
"""

import os
import signal
import sys
import threading
import warnings
from typing import Any

# Modules of these packages hold nothing of a DAG file's; Airflow imports its own late, whoever comes first.
_NEUTRAL = frozenset(getattr(sys, "stdlib_module_names", ())) | {"airflow"}


def state() -> dict[str, Any]:
    """Returns what must be the same before and after."""
    return {
        "modules": frozenset(sys.modules),
        "path": list(sys.path),
        "environment": dict(os.environ),
        "directory": _directory(),
        "threads": threading.active_count(),
        "filters": len(warnings.filters),
        "handlers": [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)],
        "hooks": (len(sys.meta_path), len(sys.path_hooks), sys.excepthook, sys.gettrace()),
    }


def restored(before: dict[str, Any], root: str) -> bool:
    """Takes back what can be, the tree's own modules and `sys.path`, and returns whether all is as it was before."""
    for name in list(sys.modules.keys() - before["modules"]):
        if _of_tree(sys.modules[name], root):
            del sys.modules[name]
    sys.path[:] = before["path"]
    now = state()
    foreign = (name for name in now["modules"] - before["modules"] if name.partition(".")[0] not in _NEUTRAL)
    return next(foreign, None) is None and all(now[key] == before[key] for key in now if key != "modules")


def _of_tree(module: Any, root: str) -> bool:
    """Whether a module, or a package without a file of its own, lies in the tree."""
    places = [getattr(module, "__file__", None), *_places(module)]
    return any(isinstance(place, str) and place.startswith(root.rstrip(os.sep) + os.sep) for place in places)


def _places(module: Any) -> list[Any]:
    try:
        return list(getattr(module, "__path__", ()))
    except Exception:  # noqa: BLE001 - what stands in for a module may answer with anything
        return []


def _directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""
