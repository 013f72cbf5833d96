"""Examines one DAG file, in a process of its own, and returns what it saw as plain data; judging is done elsewhere."""

import hashlib
import re
import time
import traceback
from typing import Any

from . import contents

TEXT_LIMIT = 40_000
"""Longest text of one error, characters; the middle is left out."""

_ERRORS = 50
_DAGS = 10_000
# A DAG file may replace them.
_open, _clock, _format_exc, _sha256 = open, time.perf_counter, traceback.format_exc, hashlib.sha256


def examine(airflow: Any, watch: Any, path: str, *, with_texts: bool = False) -> dict[str, Any]:
    """Imports a file and serializes its DAGs.

    Returns:
        `seconds`, `dags` (id, line, origin: the file that made it, digest of what it is serialized to, and `packed`,
        that text, if it is wanted), `twice` (ids that more than one DAG of the file has), `lost` (id, line of DAGs that
        it made and Airflow does not see), `uncalled` (the same of functions), `errors` (phase, dag, text), `network`,
        `warnings`, `varying`.

    """
    errors: list[dict[str, Any]] = []
    dags: dict[str, Any] = {}
    found: list[Any] = []
    varying = ""
    began = _clock()
    try:
        fatal, varying = airflow.varying(path)
        if fatal:
            errors.append({"phase": "varying", "dag": "", "text": varying})
            varying = ""
        else:
            bag, found = airflow.bag(path)
            dags = bag.dags
            errors += [{"phase": "import", "dag": "", "text": str(text)} for text in bag.import_errors.values()]
    except BaseException:  # noqa: BLE001 - whatever the file raises is the finding
        errors.append({"phase": "import", "dag": "", "text": _format_exc()})
    texts = _serialized(airflow, dags, errors)
    seconds = _clock() - began
    # An object may come up twice: Airflow collects by hash, and a task that is added late changes that of its DAG.
    ids = [dag.dag_id for dag in {id(dag): dag for dag in found}.values()]
    source = _source(path)
    return {
        "seconds": round(seconds, 4),
        "dags": [
            {
                "id": dag_id,
                "line": line_of(source, dag_id),
                "origin": airflow.made.origin(dags[dag_id]),
                "digest": _digest(texts.get(dag_id, "")),
                **({"packed": contents.packed(texts[dag_id])} if with_texts and dag_id in texts else {}),
            }
            for dag_id in list(dags)[:_DAGS]
        ],
        "twice": sorted({dag_id for dag_id in ids if ids.count(dag_id) > 1})[:_ERRORS] if len(ids) > len(dags) else [],
        "errors": [
            dict(
                error,
                text=shortened(error["text"]),
                line=_named(source, error),
            )
            for error in errors[:_ERRORS]
        ],
        "network": watch.network,
        "warnings": watch.warnings,
        "varying": shortened(varying),
        "lost": [] if errors else airflow.made.lost(path, dags),
        "uncalled": [] if errors or dags else airflow.made.uncalled(path),
    }


def again(airflow: Any, path: str, *, with_texts: bool = False) -> dict[str, Any]:
    """Imports a good file once more, for what its DAGs are serialized to; all else was seen the first time.

    Returns:
        `dags` (id, digest), `errors` (phase, dag, text); `texts`, id to what a DAG is serialized to, if those are
        wanted.

    """
    errors: list[dict[str, Any]] = []
    dags: dict[str, Any] = {}
    try:
        bag, _ = airflow.bag(path)
        dags = bag.dags
        errors += [{"phase": "import", "dag": "", "text": str(text)} for text in bag.import_errors.values()]
    except BaseException:  # noqa: BLE001 - as in `examine`
        errors.append({"phase": "import", "dag": "", "text": _format_exc()})
    texts = _serialized(airflow, dags, errors)
    return {
        "dags": [{"id": dag_id, "digest": _digest(texts.get(dag_id, ""))} for dag_id in list(dags)[:_DAGS]],
        "errors": errors[:_ERRORS],
        **({"texts": texts} if with_texts else {}),
    }


def _serialized(airflow: Any, dags: Any, errors: list[dict[str, Any]]) -> dict[str, str]:
    """Returns what each DAG is serialized to, and adds to the errors what that raises."""
    texts: dict[str, str] = {}
    for dag_id, dag in dags.items():
        try:
            texts[dag_id] = airflow.serialize(dag)
        except BaseException:  # noqa: BLE001 - whatever it raises is the finding
            errors.append({"phase": "serialize", "dag": dag_id, "text": _format_exc()})
    return texts


def _digest(text: str) -> str:
    return _sha256(text.encode("utf-8", "replace")).hexdigest()


def line_of(source: str, name: str) -> int:
    """Returns the first line that has `name` as a text or defines a function of that name, 0 when there is none."""
    quoted = re.escape(name)
    found = re.search(r"""(["'])%s\1|\bdef\s+%s\b""" % (quoted, quoted), source)
    return source.count("\n", 0, found.start()) + 1 if found else 0


def shortened(text: str) -> str:
    """Returns a text, its middle left out if it is too long: the head of a traceback says where, the tail what.

    A mark stands at each end: who masks secrets later looks there for what is left of one.
    """
    if len(text) <= TEXT_LIMIT:
        return text
    half = TEXT_LIMIT // 2
    return "%s…\n%d characters left out\n…%s" % (text[:half], len(text) - 2 * half, text[-half:])


def _named(source: str, error: dict[str, Any]) -> int:
    """The line of the DAG or task that an error without a traceback names."""
    named = re.findall(r"(?:Faulty task|[Tt]ask|[Dd]ag|DAG)[: ]+'?([\w.\-]*\w)", error["text"][-1000:])
    lines = (line_of(source, name) for name in (*reversed(named), error["dag"]) if name)
    return next((line for line in lines if line), 0)


def _source(path: str) -> str:
    try:
        with _open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except (OSError, UnicodeError):
        return ""
