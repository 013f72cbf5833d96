"""Imports once, before the forks, what the DAG files would each import again: what they ask of Airflow at their top.

The dag-processor does the same for each file. Only Airflow's modules: anything else belongs to the files, with the time
that it takes, the threads that it starts and the hosts that it asks.
"""

import importlib
import re
import sys
import warnings
from collections.abc import Iterable, Iterator

_IMPORT = re.compile(
    r"(?:from\s+(airflow(?:\.\w+)*)\s+import\s+(\([^)]*\)|[^\n#;]*)|import\s+(airflow(?:\.\w+)*)(?!\w))"
)
_TOP = re.compile(r"(?:try|except|else|finally|if|elif|with)\b")


def warm_up(paths: Iterable[str]) -> None:
    """Imports what the files at `paths` name."""
    asked: set[tuple[str, tuple[str, ...]]] = set()
    for path in paths:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                asked.update(imports(file.read()))
        except (OSError, ValueError):
            continue
    for module, names in sorted(asked):
        load(module, names)


def imports(source: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yields (module, names) for each import of Airflow at the top of a module, inside `try` and `if` as well."""
    at_top = True
    for line in re.finditer(r"^([ \t]*)(\S[^\n]*)", source, re.MULTILINE):
        if not line[1]:
            at_top = _TOP.match(line[2]) is not None
        found = _IMPORT.match(source, line.start(2)) if at_top or not line[1] else None
        if found:
            names = re.findall(r"(\w+)(?:\s+as\s+\w+)?\s*(?:,|$)", (found[2] or "").strip("() \n\t"))
            yield found[1] or found[3], tuple(names)


def load(name: str, names: "tuple[str, ...]" = ()) -> None:
    """Imports a module and asks it for names, if it is there and has them."""
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            known = name in sys.modules
            module = importlib.import_module(name)
        if warned and not known and getattr(module, "__file__", None):
            # Its import is what is deprecated: it must be imported again, to be blamed on whoever does.
            del sys.modules[name]
        for attribute in names:
            getattr(module, attribute, None)
    except (Exception, SystemExit):  # noqa: BLE001, S110 - the file that asks for it fails again, where it is reported
        pass
