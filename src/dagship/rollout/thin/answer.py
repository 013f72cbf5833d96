"""What a dag-processor answers whether it serves what is announced. Pure."""

import json
from collections.abc import Mapping
from typing import NamedTuple

_LONGEST = 2000


class Answer(NamedTuple):
    """The answer of a dag-processor.

    Attributes:
        served: Whether it serves the version, and the database has it for the DAGs of the files that changed.
        import_errors: File to its error, of those that changed.
        version: What it serves.
        why_not: Why it serves something else, a sentence; empty where it says none.

    """

    served: bool
    import_errors: Mapping[str, str] = {}
    version: str = ""
    why_not: str = ""


def read(said: str) -> Answer | None:
    """Reads the last document of what a command printed; None where there is none."""
    for line in reversed(said.splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and isinstance(found.get("served"), bool):
            errors = found.get("import_errors")
            return Answer(
                served=found["served"],
                import_errors={str(file): str(text) for file, text in errors.items()}
                if isinstance(errors, dict)
                else {},
                version=str(found.get("version") or ""),
                why_not=str(found.get("why_not") or ""),
            )
    return None


def trouble(answer: Answer, version: str, seconds: float) -> tuple[str, str]:
    """Returns the reason and the message of a fault; two empty ones where the version is served."""
    if answer.import_errors:
        file, text = next(iter(answer.import_errors.items()))
        lines = [line for line in text.splitlines() if line.strip()] or ["it says nothing"]
        more = len(answer.import_errors) - 1
        others = f" (and {more} more {'files' if more > 1 else 'file'})" if more else ""
        return "ImportError", f"the dag-processor cannot import {file}{others}: {lines[-1].strip()}"[:_LONGEST]
    if answer.served:
        return "", ""
    why = answer.why_not or f"it serves {answer.version or 'nothing yet'}"
    return "NotServed", f"DAG version {version} was not served within {seconds:.0f} s: {why}"[:_LONGEST]
