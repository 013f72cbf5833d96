"""The verdict on a release: a sentence, and what is to be looked at before all else. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dagship.model.release_document import (
    DagChange,
    FileChange,
    FindingChange,
    Missing,
    Notice,
    NoticeKind,
    PackageChange,
    SharedChange,
    Side,
    Verdict,
)

if TYPE_CHECKING:
    from dagship.model.verify_report import Severity

# In the order in which they are told, of one severity.
_ORDER: tuple[NoticeKind, ...] = (
    "unfinished-runs", "pool-missing", "queue-missing", "runs-at-once", "dag-removed", "dag-renamed",
    "schedule-changed", "varying-value", "not-compared",
)  # fmt: skip
_KINDS = ("up", "down", "added", "removed", "other")
_WORDS = {
    "changed": ("changes", "change"),
    "added": ("comes", "come"),
    "removed": ("goes", "go"),
    "renamed": ("is renamed", "are renamed"),
}


class Parts(NamedTuple):
    """The parts of a document that the verdict is made of."""

    sides: tuple[Side, Side]
    dags: Sequence[DagChange]
    shared: Sequence[SharedChange]
    files: Sequence[FileChange]
    packages: Sequence[PackageChange]
    findings: Sequence[FindingChange]
    missing: Sequence[Missing]
    unknown: Sequence[str]


def verdict(parts: Parts) -> Verdict:
    """Returns the verdict on the parts of a document."""
    found = [notice for one in parts.dags for notice in _of_dag(one)]
    found += [_of_missing(one) for one in parts.missing]
    found += [Notice(severity="warning", kind="not-compared", message=one) for one in parts.unknown]
    return Verdict(
        dags_change=bool(parts.dags or parts.shared),
        sentence=_sentence(parts),
        notices=tuple(sorted(found, key=lambda one: (one.severity, _ORDER.index(one.kind), one.dag_id))),
    )


def _sentence(parts: Parts) -> str:
    counts: Counter[str] = Counter(one.change for one in parts.dags)
    counts["changed"] += sum(len(one.dag_ids) for one in parts.shared)
    said: list[str] = []
    for change, words in _WORDS.items():
        if count := counts[change]:
            said.append(_counted(count, "DAG", *words) if not said else f"{count} {words[count > 1]}")
    if parts.files and not said:
        said = [f"No DAG changes, but {_counted(len(parts.files), 'file', 'does', 'do')} that no DAG imports"]
    sentences = [", ".join(said) or "Nothing changes for Airflow"]
    was, now = parts.sides
    if was.airflow != now.airflow:
        sentences.append(f"Airflow {was.airflow} → {now.airflow}")
    if parts.packages:
        kinds: Counter[str] = Counter(one.change for one in parts.packages)
        sentences.append("packages: " + ", ".join(f"{kinds[kind]} {kind}" for kind in _KINDS if kinds[kind]))
    if new := sum(one.change == "new" for one in parts.findings):
        sentences.append(_counted(new, "new finding"))
    return "; ".join(sentences) + "."


def _counted(count: int, what: str, one: str = "", several: str = "") -> str:
    return " ".join(filter(None, (str(count), what if count == 1 else f"{what}s", one if count == 1 else several)))


def _of_dag(dag: DagChange) -> Iterator[Notice]:
    runs = dag.unfinished.running + dag.unfinished.queued if dag.unfinished else 0
    if runs:
        yield from _of_unfinished(dag, runs)
    if dag.change == "removed":
        if not runs:
            yield _notice(dag, "dag-removed", "It goes: Airflow makes no more runs of it.")
        return
    if dag.change == "renamed":
        message = f"It was {dag.was_id!r}: its runs, and whether it is paused, stay with the former id."
        yield _notice(dag, "dag-renamed", message)
    if at_once := dag.runs_at_once:
        count = f"more than {at_once.runs:,}" if at_once.and_more else f"{at_once.runs:,}"
        message = f"It makes {count} runs at once, from {at_once.since} on, as soon as it is not paused."
        if at_once.if_never_run:
            message = f"{message[:-1]}, if none of it was made before."
        many = at_once.runs > (at_once.together or 1)
        yield _notice(dag, "runs-at-once", message, error=many and not at_once.if_never_run)
    if dag.schedule_was and dag.schedule_now:
        was, now = dag.schedule_was, dag.schedule_now
        message = f"Its schedule is {_told(now.text, now.timezone)}; it was {_told(was.text, was.timezone)}."
        yield _notice(dag, "schedule-changed", message)
    if dag.varying:
        message = f"It is another at each parse, and not compared at {', '.join(dag.varying[:3])}."
        yield _notice(dag, "varying-value", message)


def _of_unfinished(dag: DagChange, runs: int) -> Iterator[Notice]:
    are = _counted(runs, "run", "of it is", "of it are")
    if dag.change in ("removed", "renamed"):
        goes = "It goes" if dag.change == "removed" else f"{dag.was_id!r} goes"
        message = f"{goes}, and {are} unfinished: Airflow never ends what it has no DAG for."
        yield _notice(dag, "unfinished-runs", message, error=True)
    elif dag.unfinished and not dag.unfinished.keep_code:
        go = "go" if runs > 1 else "goes"
        yield _notice(dag, "unfinished-runs", f"{are} unfinished, and {go} on with the new code.")


def _notice(dag: DagChange, kind: NoticeKind, message: str, *, error: bool = False) -> Notice:
    severity: Severity = "error" if error else "warning"
    return Notice(severity=severity, kind=kind, dag_id=dag.dag_id, file=dag.file, line=dag.line, message=message)


def _told(text: str, timezone: str) -> str:
    return f"{text!r} ({timezone})"


def _of_missing(missing: Missing) -> Notice:
    named = ", ".join(missing.dag_ids[:3])
    more = len(missing.dag_ids) - 3
    dags = f"{named} and {_counted(more, 'more')}" if more > 0 else named
    if missing.kind == "pool":
        kind: NoticeKind = "pool-missing"
        message = f"There is no pool {missing.name!r}: tasks of {dags} would never run."
    else:
        kind, message = "queue-missing", f"No worker takes tasks of the queue {missing.name!r}, as those of {dags} do."
    return Notice(severity="error" if missing.is_new else "warning", kind=kind, message=message)
