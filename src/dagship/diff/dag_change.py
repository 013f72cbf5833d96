"""Compares two normal forms of a DAG: what its author made other, and nothing that Airflow did. Pure."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from dagship import redaction
from dagship.diff import graph
from dagship.diff.normal import encoding, runs
from dagship.diff.normal.dag import NormalDag, NormalTask
from dagship.model.release_document import AssetChange, DagChange, FieldChange, TaskChange

# Kinds of timetables for which `catchup` means something.
_BY_TIME = ("cron", "delta", "custom")
_DIGITS = 12
# Fields of a task that hold params: their values are shown as those of a DAG's are.
_PARAMS = "params."

Show = Callable[[str, Any], str]


class Last(NamedTuple):
    """The last scheduled run of a DAG.

    Attributes:
        when: When it was made, epoch seconds; None where there is none, or nobody was asked.
        asked: Whether Airflow was asked.

    """

    when: float | None = None
    asked: bool = False


def shown(_name: str, value: Any) -> str:  # noqa: ANN401 - JSON
    """Returns a value for people, without the passwords in its addresses."""
    return redaction.addresses(encoding.text(value))


def digested(name: str, value: Any) -> str:  # noqa: ANN401 - JSON
    """Returns a digest of a value, that of another name being another one."""
    said = f"{name}\0{encoding.ordered(value)}".encode("utf-8", "replace")
    return f"sha256:{hashlib.sha256(said).hexdigest()[:_DIGITS]}"


def added(dag_id: str, now: NormalDag, at: dt.datetime) -> DagChange:
    """Returns the change of a DAG that comes."""
    return DagChange(
        dag_id=dag_id,
        change="added",
        owner=now.owner,
        schedule_now=runs.schedule(now, at),
        runs_at_once=runs.at_once(None, now, at),
        tasks=tuple(TaskChange(task_id=name, change="added", operator=now.tasks[name].operator) for name in now.tasks),
        assets=tuple(_assets(None, now)),
        graph=graph.of(None, now, {}),
    )


def removed(dag_id: str, was: NormalDag, at: dt.datetime) -> DagChange:
    """Returns the change of a DAG that goes."""
    return DagChange(
        dag_id=dag_id,
        change="removed",
        owner=was.owner,
        schedule_was=runs.schedule(was, at),
        assets=tuple(_assets(was, None)),
    )


def changed(
    dag_id: str, was: NormalDag, now: NormalDag, at: dt.datetime, last: Last, *, values: bool
) -> DagChange | None:
    """Returns the change of a DAG; None where nothing of it is other.

    Args:
        dag_id: Its id.
        was: The DAG as it was.
        now: The DAG as it is to be.
        at: The time as of which runs are counted.
        last: When its last run was made.
        values: Whether values of params are shown.

    """
    tasks, of_all = _lifted(tuple(_tasks(was, now, shown if values else digested)), was, now)
    edges = graph.edges(was, now)
    scheduled = (runs.schedule(was, at), runs.schedule(now, at)) if _another_time(was, now) else (None, None)
    change = DagChange(
        dag_id=dag_id,
        change="changed",
        owner=now.owner,
        schedule_was=scheduled[0],
        schedule_now=scheduled[1],
        runs_at_once=runs.at_once(was, now, at, last.when, asked=last.asked),
        fields=(*_fields(was, now, shown if values else digested), *of_all),
        tasks=tasks,
        edges=edges,
        assets=tuple(_assets(was, now)),
        graph=graph.of(was, now, {one.task_id: one.change for one in tasks}) if tasks or edges else None,
    )
    same = DagChange(dag_id=dag_id, change="changed", owner=now.owner)
    return change if change != same else None


def _another_time(was: NormalDag, now: NormalDag) -> bool:
    one, other = was.timetable, now.timetable
    # Airflow 3 makes runs of a cron expression at other ends of the time they are for: of one release, it was chosen.
    another_way = one.way != other.way and was.release == now.release
    return (one.kind, one.text, one.timezone or was.timezone) != (
        other.kind,
        other.text,
        other.timezone or now.timezone,
    ) or another_way


def _fields(was: NormalDag, now: NormalDag, of_params: Show) -> Iterator[FieldChange]:
    if was.owner != now.owner:
        yield FieldChange(name="owner", was=was.owner, now=now.owner)
    if was.catchup != now.catchup and now.timetable.kind in _BY_TIME:
        yield FieldChange(name="catchup", was=_yes(was.catchup), now=_yes(now.catchup))
    for name, one, other in (("start_date", was.start, now.start), ("end_date", was.end, now.end)):
        if one != other:
            yield FieldChange(name=name, was=_moment(one), now=_moment(other))
    if was.tags != now.tags:
        yield FieldChange(name="tags", was=", ".join(was.tags) or None, now=", ".join(now.tags) or None)
    if was.timetable.way != now.timetable.way and was.release == now.release:
        yield FieldChange(name="timetable", was=was.timetable.way or None, now=now.timetable.way or None)
    for name in sorted({*was.params, *now.params}):
        yield from _values(f"params.{name}", was.params.get(name), now.params.get(name), of_params)
    for name in sorted({*was.fields, *now.fields}):
        yield from _values(name, was.fields.get(name), now.fields.get(name), shown)


def _values(name: str, was: Any, now: Any, show: Show) -> Iterator[FieldChange]:  # noqa: ANN401 - JSON
    """Of two values that are other; of a param default and what it must be, each by itself."""
    if was == now:
        return
    if (
        name.startswith(_PARAMS)
        and (isinstance(was, Mapping) or was is None)
        and (isinstance(now, Mapping) or now is None)
    ):
        one, other = was or {}, now or {}
        if one.get("default") != other.get("default") or None in (was, now):
            yield _change(name, one.get("default") if was else None, other.get("default") if now else None, show)
        for part in ("schema", "description"):
            if one.get(part) != other.get(part) and None not in (was, now):
                yield _change(f"{name}.{part}", one.get(part), other.get(part), shown)
        return
    yield _change(name, was, now, show)


def _change(name: str, was: Any, now: Any, show: Show) -> FieldChange:  # noqa: ANN401 - JSON
    one, other = (None if value is None else show(name, value) for value in (was, now))
    return FieldChange(name=name, was=one, now=other)


def _tasks(was: NormalDag, now: NormalDag, of_params: Show) -> Iterator[TaskChange]:
    for name in sorted({*was.tasks, *now.tasks}):
        one, other = was.tasks.get(name), now.tasks.get(name)
        if one is None and other is not None:
            yield TaskChange(task_id=name, change="added", operator=other.operator)
        elif other is None and one is not None:
            yield TaskChange(task_id=name, change="removed", operator=one.operator)
        elif one is not None and other is not None and (fields := tuple(_of_task(one, other, of_params))):
            yield TaskChange(task_id=name, change="changed", operator=other.operator, fields=fields)


def _lifted(
    tasks: tuple[TaskChange, ...], was: NormalDag, now: NormalDag
) -> tuple[tuple[TaskChange, ...], tuple[FieldChange, ...]]:
    """Takes out of tasks what becomes other in each of them alike, as by `default_args`, and returns that apart."""
    changed = [set(one.fields) for one in tasks if one.change == "changed"]
    stay = was.tasks.keys() & now.tasks.keys()
    alike = set.intersection(*changed) if changed and len(changed) == len(stay) else set()
    if len(stay) == 1:  # then it is that task's; but for its owner, who is the DAG's as well
        alike = {field for field in alike if field.name == "owner"}
    left = (
        one.model_copy(update={"fields": tuple(field for field in one.fields if field not in alike)}) for one in tasks
    )
    of_all = (
        field.model_copy(update={"name": f"tasks.*.{field.name}"})
        for field in sorted(alike, key=lambda field: field.name)
        if field.name != "owner"
    )
    return tuple(one for one in left if one.change != "changed" or one.fields), tuple(of_all)


def _of_task(was: NormalTask, now: NormalTask, of_params: Show) -> Iterator[FieldChange]:
    if was.operator != now.operator:
        yield FieldChange(name="operator", was=was.operator, now=now.operator)
    if was.callable and now.callable and was.callable != now.callable:
        yield FieldChange(name="python_callable", was=was.callable, now=now.callable)
    for name in sorted({*was.fields, *now.fields}):
        one, other = was.fields.get(name), now.fields.get(name)
        if one != other:
            yield _change(name, one, other, of_params if name.startswith(_PARAMS) else shown)


def _assets(was: NormalDag | None, now: NormalDag | None) -> Iterator[AssetChange]:
    roles: tuple[tuple[Any, Callable[[NormalDag], Any]], ...] = (
        ("consumes", lambda dag: frozenset(dag.timetable.assets)),
        ("produces", lambda dag: dag.produces),
    )
    for role, of in roles:
        before, after = (frozenset() if dag is None else of(dag) for dag in (was, now))
        for name, uri in sorted(before ^ after):
            change: Any = "added" if (name, uri) in after else "removed"
            yield AssetChange(name=name, uri=uri, role=role, change=change)


def _yes(value: object) -> str:
    return "true" if value else "false"


def _moment(epoch: float | None) -> str | None:
    return None if epoch is None else str(encoding.moment(epoch))
