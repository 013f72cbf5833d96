"""Starts a question: becomes the process of Airflow that is meant, then loads the modules that were sent, and asks."""

from __future__ import annotations

import sys
import types

UNPACK = "import base64, sys, zlib; exec(zlib.decompress(base64.urlsafe_b64decode(sys.argv[1])))"
"""What is given to `python -c`, before the program, the command to become (or an empty text), and the arguments."""

_PACKAGE = "dagship_scheduler"


def start(texts: list[tuple[str, str]], question: str) -> None:
    """Asks in the process that is meant.

    Args:
        texts: Modules of this package by name, each after those that it imports.
        question: The one that asks.

    """
    program, command, *arguments = sys.argv[1:]
    sys.path[:] = [at for at in sys.path if at]  # Airflow does not import from the directory that it is started in
    sys.modules[_PACKAGE] = types.ModuleType(_PACKAGE)
    modules = {}
    for name, text in texts:
        module = modules[name] = sys.modules[f"{_PACKAGE}.{name}"] = types.ModuleType(f"{_PACKAGE}.{name}")
        module.__package__ = _PACKAGE
        exec(compile(text, f"{name}.py", "exec"), vars(module))  # noqa: S102 - it is ours
    if command:
        modules["become"].become(command, ["-c", UNPACK, program, "", *arguments])
        return
    sys.argv[1:] = arguments
    modules["answer"].answer(modules[question].ask, *arguments)
