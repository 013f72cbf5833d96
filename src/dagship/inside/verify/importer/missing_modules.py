"""Describes a module that an import did not find: where its name is in the DAG tree, and who else has it."""

import importlib.util
import os
import re
import sys
from typing import Any, Optional

_MISSING = re.compile(r"^ModuleNotFoundError: No module named '([\w.]+)'", re.MULTILINE)
_PLACES = 3
_ENTRIES = 20_000


def missing(text: str, root: str, top: str) -> Optional[dict[str, Any]]:
    """Returns the facts about the module that the last exception of a traceback names; None where it names none.

    Args:
        text: The traceback.
        root: The DAG directory.
        top: The directory that it lies in with all that is included, or the same.

    """
    found = _MISSING.findall(text)
    if not found or not text.rstrip().rpartition("\n")[2].startswith("ModuleNotFoundError: "):
        return None
    name: str = found[-1]
    first = name.partition(".")[0]
    asked = re.findall(r"^\s+(?:from|import)\s+(%s\b[\w.]*)" % re.escape(first), text, re.MULTILINE)
    whole = asked[-1] if asked else name
    without = whole.partition(".")[2]
    return {
        "name": name,
        "asked": whole,
        "installed": _installed(first, top),
        "tree": _places(first, root) or _places(first, top),
        "without": without if without and _at_top(without.partition(".")[0], root) else "",
    }


def _installed(package: str, root: str) -> str:
    """Where a package lies that is not the tree's, empty when there is none."""
    module = sys.modules.get(package)
    try:
        spec = getattr(module, "__spec__", None) if module is not None else importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return ""
    # A namespace has no origin: any directory of that name makes one, and hides nothing.
    path = (spec.origin or "") if spec is not None else ""
    return path if os.path.isabs(path) and not path.startswith(root.rstrip(os.sep) + os.sep) else ""


def _places(name: str, root: str) -> list[str]:
    """Where a module or package of that name lies in the tree, those nearest to its top first."""
    found: list[str] = []
    seen = 0
    for directory, directories, files in os.walk(root):
        seen += len(directories) + len(files)
        if seen > _ENTRIES:
            break
        here = [*(one for one in directories if one == name), *(one for one in files if one == name + ".py")]
        found += [os.path.relpath(os.path.join(directory, one), root) for one in here]
    return sorted(found, key=lambda path: (path.count(os.sep), path))[:_PLACES]


def _at_top(name: str, root: str) -> bool:
    path = os.path.join(root, name)
    return os.path.isdir(path) or os.path.isfile(path + ".py")
