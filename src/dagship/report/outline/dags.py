"""What a changed DAG is told in: its schedule, the runs it makes at once, fields, tasks, edges, assets, runs. Pure."""

from collections.abc import Iterator, Sequence
from itertools import chain

from dagship.model.release_document import (
    AssetChange,
    DagChange,
    Edge,
    FieldChange,
    RunsAtOnce,
    Schedule,
    SharedChange,
    TaskChange,
    UnfinishedRuns,
)
from dagship.report.outline.model import Item, Line, Name, counted, names
from dagship.report.places import Places

_VERBS = {"added": "is new", "removed": "goes", "renamed": "is another name of", "changed": "changes"}
_WHY = {
    "new": "it is new, and catchup is on",
    "catchup": "catchup was off",
    "schedule": "its schedule is another",
    "start": "its start date is another",
}
_NEWS = {"added": "new ", "removed": "removed ", "changed": "changed "}
# Entries of one kind in a DAG; the document has all.
_MOST = 20


def item(dag: DagChange, places: Places) -> Item:
    """Returns the entry of a DAG."""
    was: Line = (" ", Name(dag.was_id)) if dag.change == "renamed" else ()
    where = f"{places.of(dag.file)}:{dag.line}" if dag.line else places.of(dag.file)
    place: Line = (" in ", Name(where)) if dag.file else ()
    owner: Line = (", owner ", Name(dag.owner)) if dag.owner else ()
    return Item(
        line=(Name(dag.dag_id), f" {_VERBS[dag.change]}", *was, *place, *owner),
        mark=dag.change,
        more=tuple(_lines(dag, places)),
        graph=dag.graph,
        key=dag.dag_id,
    )


def shared_item(shared: SharedChange, places: Places) -> Item:
    """Returns the entry of a file that changes many DAGs."""
    files = names(places.of(file) for file in shared.by)
    count = counted(len(shared.dag_ids), "DAG")
    return Item(
        line=(*files, f" changes {count} in the same way"),
        mark="changed",
        more=(("DAGs: ", *names(shared.dag_ids)), *_lines(shared.example, places)),
    )


def _lines(dag: DagChange, places: Places) -> Iterator[Line]:
    yield from _of_schedule(dag.schedule_was, dag.schedule_now)
    if dag.runs_at_once:
        yield _of_runs_at_once(dag.runs_at_once)
    if dag.unfinished:
        yield _of_unfinished(dag.unfinished, gone=dag.change in ("removed", "renamed"))
    yield from _few("field", [_of_field(one) for one in dag.fields])
    yield from _few("task", [_of_task(one) for one in dag.tasks])
    yield from _few("edge", [_of_edge(one) for one in dag.edges])
    yield from _few("asset", [_of_asset(one) for one in dag.assets])
    if dag.code:
        yield ("code: ", *names(places.of(file) for file in dag.code))
    if dag.varying:
        yield ("another at each parse, and left out: ", *names(dag.varying))


def _few(kind: str, lines: Sequence[Line]) -> Iterator[Line]:
    yield from lines[:_MOST]
    if lines[_MOST:]:
        yield (f"and {counted(len(lines) - _MOST, f'{kind} more', f'{kind}s more')}",)


def _of_schedule(was: Schedule | None, now: Schedule | None) -> Iterator[Line]:
    if was and now:
        yield ("schedule: ", *_schedule(was), " → ", *_schedule(now))
    elif was or now:
        yield ("schedule: ", *_schedule(was or now))
    for when, one in (("next runs were", was if now else None), ("next runs", now)):
        if one and one.next_runs:
            yield (f"{when}: ", *names(one.next_runs))
        elif one and not one.is_known:
            yield (f"{when}: as its own timetable says",)


def _schedule(schedule: Schedule | None) -> Line:
    if schedule is None:
        return ()
    zone: Line = (" (", Name(schedule.timezone), ")") if schedule.timezone != "UTC" else ()
    return (Name(schedule.text), *zone)


def _of_runs_at_once(made: RunsAtOnce) -> Line:
    count = counted(made.runs, "run")
    several = f"more than {count}" if made.and_more else count
    together = f", {made.together} at a time" if made.together else ""
    never = ", if it never ran" if made.if_never_run else ""
    return (f"makes {several} at once{never}{together}, since ", Name(made.since), f": {_WHY[made.why]}")


def _of_unfinished(runs: UnfinishedRuns, *, gone: bool) -> Line:
    parts = [f"{count} {state}" for count, state in ((runs.running, "running"), (runs.queued, "queued")) if count]
    if gone:
        end = "there is no DAG for them any more"
    else:
        end = "they end on the code that they began with" if runs.keep_code else "they go on with the new code"
    return (f"unfinished runs: {' and '.join(parts)}; {end}",)


def _of_field(change: FieldChange) -> Line:
    return (Name(change.name), ": ", *_value(change.was), " → ", *_value(change.now))


def _value(text: str | None) -> Line:
    return ("none",) if text is None else (Name(text),)


def _of_task(task: TaskChange) -> Line:
    operator: Line = (" (", Name(task.operator), ")") if task.operator else ()
    fields = chain.from_iterable(("; ", *_of_field(one)) for one in task.fields[:_MOST])
    more = f" and {len(task.fields) - _MOST} more" if task.fields[_MOST:] else ""
    said = (": ", *list(fields)[1:], more) if task.fields else ()
    return (f"{_NEWS[task.change]}task ", Name(task.task_id), *operator, *said)


def _of_edge(edge: Edge) -> Line:
    return (f"{_NEWS.get(edge.change, '')}edge ", Name(edge.upstream), " → ", Name(edge.downstream))


def _of_asset(asset: AssetChange) -> Line:
    uri: Line = (" (", Name(asset.uri), ")") if asset.uri and asset.uri != asset.name else ()
    verb = asset.role if asset.change == "added" else f"no longer {asset.role}"
    return (f"{verb} ", Name(asset.name), *uri)
