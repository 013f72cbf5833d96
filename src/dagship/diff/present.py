"""Shows the document of a release to people: the verdict, then what changes, a few lines for each DAG."""

from collections.abc import Iterator

from dagship.model.quantities import size
from dagship.model.release_document import DagChange, FieldChange, ReleaseDocument, Schedule, SharedChange
from dagship.report.text import plain
from dagship.terminal.console import Console

_MOST_DAGS, _MOST_LINES, _MOST_OTHERS = 40, 30, 20
_CUT = 60
_SIGNS = {"added": "+", "removed": "-", "changed": "~", "renamed": "→"}


def show(console: Console, document: ReleaseDocument) -> None:
    """Prints what becomes other, and the verdict last, where it is read first."""
    show_changes(console, document)
    console.say("")
    for notice in document.verdict.notices:
        console.say(_line(f"{notice.severity}: {f'{notice.dag_id}: ' if notice.dag_id else ''}{notice.message}"))
    console.summary({name: _line(value) for name, value in _summary(document).items()})


def show_changes(console: Console, document: ReleaseDocument) -> None:
    """Prints what becomes other, without a verdict."""
    for group in document.shared:
        _print(console, _of_shared(group))
    for one in document.dags[:_MOST_DAGS]:
        _print(console, _of_dag(one))
    if len(document.dags) > _MOST_DAGS:
        console.say(f"{len(document.dags) - _MOST_DAGS} more DAGs; --json has them all")
    _tables(console, document)


def show_back(console: Console, release: int, document: ReleaseDocument | None, left_out: tuple[str, ...]) -> None:
    """Prints what goes back with a release that is taken back.

    Args:
        console: Where to.
        release: Its number.
        document: What it changed, told backwards; None where that is not known.
        left_out: What of that was not kept, a sentence each.

    """
    if document is None:
        console.say(f"back from release {release}: what it changed is not on record")
        console.say("")
        return
    console.say(_line(f"back from release {release}: {document.verdict.sentence}"))
    show_changes(console, document)
    for said in left_out:
        console.say(_line(said))
    console.say("")


def _summary(document: ReleaseDocument) -> dict[str, str]:
    pulled = document.pull and (size(document.pull.bytes) if document.pull.bytes else "nothing")
    return {
        "was": _side(document.was.given, document.was.dag_version),
        "now": _side(document.now.given, document.now.dag_version),
        **({"parsing": f"{document.parse.was:.2f} s → {document.parse.now:.2f} s"} if document.parse else {}),
        **({"each node pulls": pulled} if pulled else {}),
        **({"way": f"{document.way.way}: {document.way.why}"} if document.way else {}),
        "unchanged": f"{document.same} DAGs",
        "verdict": document.verdict.sentence,
    }


def _print(console: Console, lines: Iterator[str]) -> None:
    shown = [_line(each) for each in lines]
    more = len(shown) - _MOST_LINES
    console.say("\n".join([*shown[:_MOST_LINES], *([f"    … {more} lines more"] if more > 0 else [])]))


def _of_shared(group: SharedChange) -> Iterator[str]:
    named = ", ".join(group.dag_ids[:3])
    more = f" and {len(group.dag_ids) - 3} more" if len(group.dag_ids) > 3 else ""  # noqa: PLR2004
    yield f"~ {len(group.dag_ids)} DAGs by {', '.join(group.by)}: {named}{more}"
    yield from _details(group.example.model_copy(update={"code": ()}))  # they are in the line above


def _of_dag(one: DagChange) -> Iterator[str]:
    was = f"{one.was_id} → " if one.was_id else ""
    place = f"{one.file}:{one.line}" if one.line else one.file
    yield f"{_SIGNS[one.change]} {was}{one.dag_id}  ({place})"
    yield from _details(one)


def _details(one: DagChange) -> Iterator[str]:
    if one.schedule_was or one.schedule_now:
        yield f"    schedule: {_schedule(one.schedule_was)} → {_schedule(one.schedule_now)}"
    if one.runs_at_once:
        more = "+" if one.runs_at_once.and_more else ""
        yield f"    runs at once: {one.runs_at_once.runs:,}{more}, from {one.runs_at_once.since}"
    if one.unfinished:
        yield f"    unfinished runs: {one.unfinished.running} running, {one.unfinished.queued} queued"
    yield from (f"    {_field(field)}" for field in one.fields)
    for task in one.tasks:
        yield f"    {_SIGNS[task.change]} task {task.task_id}  {task.operator}"
        yield from (f"        {_field(field)}" for field in task.fields)
    yield from (f"    {_SIGNS[edge.change]} {edge.upstream} → {edge.downstream}" for edge in one.edges)
    yield from (f"    {_SIGNS[asset.change]} {asset.role} {asset.name}" for asset in one.assets)
    if one.code:
        yield f"    code: {', '.join(one.code)}"


def _tables(console: Console, document: ReleaseDocument) -> None:
    if document.files:
        rows = [(_SIGNS[one.change], _line(one.file), str(one.dags)) for one in document.files[:_MOST_OTHERS]]
        console.table("", ("", "file", ">DAGs"), rows)
    if document.packages:
        packages = document.packages[:_MOST_OTHERS]
        moves = [[one.change, *map(_line, (one.name, one.was or "", one.now or ""))] for one in packages]
        console.table("", ("", "package", "was", "is"), moves)
        if len(document.packages) > _MOST_OTHERS:
            console.say(f"{len(document.packages) - _MOST_OTHERS} more packages; --json has them all")
    told = [(one.change, one.finding) for one in document.findings if one.change != "old"][:_MOST_OTHERS]
    if told:
        found = [[change, one.kind, _line(one.file or "image"), _line(one.message)] for change, one in told]
        console.table("", ("", "finding", "where", "what"), found)


def _field(field: FieldChange) -> str:
    return f"{field.name}: {_value(field.was)} → {_value(field.now)}"


def _line(text: str) -> str:
    """A text without line ends: what is said of one DAG never looks like what is said of another."""
    return plain(text).replace("\n", " ")


def _value(text: str | None) -> str:
    if text is None:
        return "none"
    line = " ".join(text.split())
    return line if len(line) <= _CUT else f"{line[:_CUT]}…"


def _schedule(schedule: Schedule | None) -> str:
    if schedule is None:
        return "none"
    following = f", next {schedule.next_runs[0]}" if schedule.next_runs else ""
    return f"{schedule.text} ({schedule.timezone}{following})"


def _side(given: str, dag_version: str) -> str:
    return f"{given} ({dag_version})" if dag_version and dag_version not in given else given
