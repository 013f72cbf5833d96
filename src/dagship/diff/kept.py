"""Cuts the document of a release to the size in which it is kept with the release. Pure."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

from dagship.diff import verdict
from dagship.model.kept_document import KeptDocument, reverse
from dagship.model.release_document import DagChange, ReleaseDocument

MOST = 3000
"""Bytes of a document in gzip: with twenty of them a record takes 80 kB more, of the 900 kB that it may have."""
# Characters of a value or a sentence; entries of each list, tried one after another.
_LONGEST = 200
_LENGTHS = (200, 100, 50, 25, 12, 6, 3, 1, 0)


def cut(document: ReleaseDocument, since: int, *, most: int = MOST) -> KeptDocument:
    """Returns a document as it is kept: what does not change by being kept, cut where it is too long.

    Args:
        document: The document.
        since: Number of the release whose place the new version takes.
        most: Bytes that it may have in gzip.

    """
    plain = _plain(document)
    said = plain.model_dump(mode="json", exclude_defaults=True)
    for length in _LENGTHS:
        shortened = _short(said, length)
        if len(gzip.compress(json.dumps(shortened).encode(), mtime=0)) <= most:
            break
    found = ReleaseDocument.model_validate(shortened)
    back = _short(_sentence_back(document), 0)
    return KeptDocument(since=since, document=found, back=back, left_out=tuple(_left_out(plain, found)))


def _sentence_back(document: ReleaseDocument) -> str:
    back = reverse(document)
    parts = verdict.Parts(
        (back.was, back.now), back.dags, back.shared, back.files or (), back.packages or (), back.findings, (), ()
    )
    return verdict.verdict(parts).sentence


def _plain(document: ReleaseDocument) -> ReleaseDocument:
    """Without drawings, layers, tracebacks, and what is the same in both versions."""
    findings = (one for one in document.findings if one.change != "old")
    return document.model_copy(
        update={
            "shared": tuple(
                one.model_copy(update={"example": one.example.model_copy(update={"graph": None})})
                for one in document.shared
            ),
            "dags": tuple(one.model_copy(update={"graph": None}) for one in document.dags),
            "findings": tuple(
                one.model_copy(update={"finding": one.finding.model_copy(update={"traceback": ""})}) for one in findings
            ),
            "pull": document.pull and document.pull.model_copy(update={"layers": (), "nodes": ()}),
            "parse": document.parse and document.parse.model_copy(update={"files": ()}),
        }
    )


def _short(value: Any, length: int) -> Any:  # noqa: ANN401 - whatever JSON holds
    """With lists of so many entries at most, and texts that are no longer than people read."""
    if isinstance(value, dict):
        return {name: _short(one, length) for name, one in value.items()}
    if isinstance(value, list):
        return [_short(one, length) for one in value[:length]]
    if isinstance(value, str):
        # Half a surrogate pair, as a name of a file may hold, is no JSON that everybody reads.
        text = value.encode("utf-8", "replace").decode()
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return value


def _left_out(whole: ReleaseDocument, kept: ReleaseDocument) -> Iterator[str]:
    """What of the lists that people look for is not there, a sentence each."""
    dags = _dags(whole) - _dags(kept)
    counts = (
        (dags, "DAG"),
        (len(whole.files or ()) - len(kept.files or ()), "file"),
        (len(whole.packages or ()) - len(kept.packages or ()), "package"),
        (len(whole.findings) - len(kept.findings), "finding"),
    )
    for count, what in counts:
        if count:
            yield f"{count} more {what}{'s' if count > 1 else ''} became other."
    before = {one.dag_id: _details(one) for one in _examples(whole)}
    less = sum(_details(one) < before.get(one.dag_id, 0) for one in _examples(kept))
    if less:
        yield f"Of {less} DAG{'s' if less > 1 else ''} more became other than is kept."


def _dags(document: ReleaseDocument) -> int:
    return len(document.dags) + sum(len(one.dag_ids) for one in document.shared)


def _examples(document: ReleaseDocument) -> tuple[DagChange, ...]:
    return (*document.dags, *(one.example for one in document.shared))


def _details(dag: DagChange) -> int:
    tasks = sum(1 + len(task.fields) for task in dag.tasks)
    return len(dag.fields) + tasks + len(dag.edges) + len(dag.assets) + len(dag.code)
