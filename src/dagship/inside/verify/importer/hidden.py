"""Finds what lies beside the DAG directory and is never imported: Python finds another of its name first."""

import importlib.util
import os
from typing import Any


def hidden(root: str, top: str) -> list[dict[str, str]]:
    """Returns the names of such modules, each with the place of the other.

    Args:
        root: The DAG directory.
        top: The directory that it lies in with all that is included; where that is the same, nothing is.

    """
    if top == root:
        return []
    names = [name for name in sorted(os.listdir(top)) if name != os.path.basename(root) and _has_modules(name, top)]
    found = [(name, _other(name.removesuffix(".py"), top)) for name in names]
    return [{"name": name, "by": other} for name, other in found if other]


def _has_modules(name: str, top: str) -> bool:
    path = os.path.join(top, name)
    if os.path.islink(path) or os.path.isfile(path):
        return name.endswith(".py")
    return any(file.endswith(".py") for _, _, files in os.walk(path) for file in files)


def _other(name: str, top: str) -> str:
    try:
        spec: Any = importlib.util.find_spec(name)
    except Exception:  # noqa: BLE001 - a finder of the image's, or a module without a spec: then it is not known
        return ""
    if spec is None:
        return ""
    places = [spec.origin] if spec.has_location or spec.loader else list(spec.submodule_search_locations or ())
    own = top.rstrip(os.sep) + os.sep
    others = [str(place) for place in places if not str(place).startswith(own)]
    return others[0] if others else ""
