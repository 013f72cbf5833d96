"""What a DAG file leaves behind in the process that imported it.

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


def same(before: dict[str, Any], path: str) -> bool:
    """Whether the process is as it was `before` the file at `path` was imported."""
    now = state()
    new = (name for name in now["modules"] - before["modules"] if not _harmless(name, path))
    return next(new, None) is None and all(now[key] == before[key] for key in now if key != "modules")


def _harmless(name: str, path: str) -> bool:
    return name.partition(".")[0] in _NEUTRAL or getattr(sys.modules.get(name), "__file__", None) == path


def _directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""
