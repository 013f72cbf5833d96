"""Looks up the files that the index has of exact versions, for every platform: uv writes them as PEP 751 has it."""

import tempfile
from collections.abc import Sequence
from typing import Any

from ..shared import index
from . import solver


def written(job: "dict[str, Any]") -> "dict[str, Any]":
    """Returns the result for a job: `documents`, each with some of the packages; what the index lacks is in none."""
    pins = [f"{name}=={version}" for name, version in job["pins"].items()]
    with tempfile.TemporaryDirectory(prefix="dagship-lock-") as scratch, index.environment() as env:
        plain = solver.Solver(job["python"], job["name"], job["sources"], env, scratch)
        try:
            return {"ok": True, "documents": documents(plain, pins)}
        except ConnectionError as silent:
            return {"ok": False, "kind": "index", "log": str(silent)[-20000:]}


def documents(plain: solver.Solver, pins: Sequence[str]) -> "list[str]":
    """Returns them; a package that the index does not have is found by halves, because the answer is for all or none.

    Raises:
        ConnectionError: The index does not answer, which is no word on what it has.

    """
    if not pins:
        return []
    answer = plain.pylock(pins)
    if answer.fits:
        return [answer.text]
    if answer.fits is None or solver.blames_network(answer.words):
        raise ConnectionError(answer.words)
    if len(pins) == 1:
        return []
    half = len(pins) // 2
    return [*documents(plain, pins[:half]), *documents(plain, pins[half:])]
