"""Asks by a module that comes on standard input, with what it is asked: too long for an argument of a command."""

from __future__ import annotations

import json
import sys
import types
from typing import Any

_MOST_READ = 8 * 1024 * 1024


def ask() -> dict[str, Any]:
    """Answers what standard input says: the number of bytes of a JSON document, a line, and the document.

    It has `modules` of this package, (name, text), each after those that it imports, and `asked`, which the last of
    them is given.
    """
    size = int(sys.stdin.buffer.readline(20))
    if not 0 <= size <= _MOST_READ:
        raise ValueError("What is asked is too large.")
    document, package = json.loads(sys.stdin.buffer.read(size)), __name__.rpartition(".")[0]
    module = types.ModuleType(package)
    for name, text in document["modules"]:
        module = sys.modules[f"{package}.{name}"] = types.ModuleType(f"{package}.{name}")
        module.__package__ = package
        exec(compile(text, f"{name}.py", "exec"), vars(module))  # noqa: S102 - it is ours
    said: dict[str, Any] = module.ask(document["asked"])
    return said
