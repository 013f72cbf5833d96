"""The normal form of a serialized DAG: what its author said, without what a release of Airflow adds. Pure."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dagship.diff.normal import defaults, encoding, timetable
from dagship.diff.normal.timetable import Timetable

_AIRFLOW_2 = 1  # of a serialized DAG's `__version`; 3.0 has 2, 3.1 to 3.4 have 3
# Airflow's name for the module of a DAG file, which has the file's path in it.
_MODULE = re.compile(r"^unusual_prefix_[0-9a-f]{40}_")
_WRAPPING = ("__var", "__type")


@dataclass(frozen=True, kw_only=True)
class NormalTask:
    """A task.

    Attributes:
        operator: Class of its operator, or its decorator: `BashOperator`, `@task`.
        fields: What was given other than Airflow's defaults.
        callable: Name of its function; empty where the release does not say it.
        downstream: The tasks after it.
        pool: The pool it takes slots of.
        queue: The queue it is sent to.
        produces: Assets (name, uri).

    """

    operator: str
    fields: Mapping[str, Any]
    callable: str
    downstream: tuple[str, ...]
    pool: str
    queue: str
    produces: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class NormalDag:
    """A DAG.

    Attributes:
        owner: Owners of its tasks, as Airflow's page has them.
        timezone: Its time zone.
        timetable: When runs are made.
        catchup: Whether missed ones are.
        start: Epoch seconds from which on; None where no date is given.
        end: Epoch seconds up to which; None where no date is given.
        most_at_once: Runs at a time.
        tags: Its tags.
        params: Name to default and what it must be.
        fields: What else was given other than Airflow's defaults.
        tasks: Its tasks by id.
        release: `__version` of the serialized form.

    """

    owner: str
    timezone: str
    timetable: Timetable
    catchup: bool
    start: float | None
    end: float | None
    most_at_once: int
    tags: tuple[str, ...]
    params: Mapping[str, Mapping[str, Any]]
    fields: Mapping[str, Any]
    tasks: Mapping[str, NormalTask]
    release: int

    @property
    def produces(self) -> frozenset[tuple[str, str]]:
        """Assets that its tasks produce."""
        return frozenset(asset for task in self.tasks.values() for asset in task.produces)

    @property
    def edges(self) -> frozenset[tuple[str, str]]:
        """Pairs of tasks, one after the other."""
        return frozenset((up, down) for up, task in self.tasks.items() for down in task.downstream)


def read(text: str, varying: Collection[str] = ()) -> NormalDag:
    """Returns the normal form of a DAG.

    Args:
        text: What Airflow serializes it to, JSON.
        varying: Places that are left out, as `inside/verify/compare.py` names them: `dag.tasks.load.bash_command`.

    Raises:
        ValueError: It is nothing of the kind.

    """
    try:
        document = json.loads(text)
        if varying:
            document = _without(document, frozenset(varying), ())
        return _dag(document["dag"], int(document.get("__version", _AIRFLOW_2)))
    except (LookupError, TypeError, AttributeError, RecursionError) as odd:
        raise ValueError(f"not a serialized DAG: {odd}") from odd


def _without(value: Any, places: frozenset[str], path: tuple[str, ...]) -> Any:  # noqa: ANN401 - JSON
    """A value with nothing at some places; lists stay as long as they are."""
    if path and ".".join(part for part in path if part not in _WRAPPING) in places and path[-1] not in _WRAPPING:
        return None
    if isinstance(value, dict):
        return {key: _without(each, places, (*path, key)) for key, each in value.items()}
    if isinstance(value, list):
        return [_without(each, places, (*path, _task_id(each) or str(at))) for at, each in enumerate(value)]
    return value


def _task_id(entry: Any) -> str:  # noqa: ANN401 - JSON
    inner = entry.get("__var", entry) if isinstance(entry, dict) else None
    name = inner.get("task_id") if isinstance(inner, dict) else None
    return name if isinstance(name, str) else ""


def _dag(serialized: Mapping[str, Any], release: int) -> NormalDag:
    dag = _renamed(serialized)
    params = _params(dag.get("params"))
    tasks = {}
    for entry in dag["tasks"] or ():
        task = _renamed(entry.get("__var", entry))
        tasks[str(task["task_id"])] = _task(task, params)
    owners = sorted({str(task.fields.get("owner", "airflow")) for task in tasks.values()})
    most = dag.get("max_active_runs", defaults.OF_DAG["max_active_runs"])
    return NormalDag(
        owner=", ".join(owners),
        timezone=str(dag.get("timezone") or "UTC"),
        timetable=timetable.read(dag),
        # What Airflow 2 leaves out is on, what Airflow 3 leaves out is off.
        catchup=bool(dag.get("catchup", release == _AIRFLOW_2)),
        start=_number(dag.get("start_date")),
        end=_number(dag.get("end_date")),
        most_at_once=most if isinstance(most, int) else 0,
        tags=tuple(sorted(map(str, _several(dag.get("tags"))))),
        params=params,
        fields=dict(_fields(dag, defaults.OF_DAG, defaults.DAG_LEFT)),
        tasks=tasks,
        release=release,
    )


def _task(task: Mapping[str, Any], of_dag: Mapping[str, Any]) -> NormalTask:
    # A mapped task keeps what was given to it apart.
    partial = task.get("partial_kwargs")
    given = {**(encoding.plain(partial) if isinstance(partial, dict) else {}), **task}
    own = {name: param for name, param in _params(_own(given.get("params"))).items() if of_dag.get(name) != param}
    fields = dict(_fields(given, defaults.OF_TASK, defaults.TASK_LEFT | {str(task.get("expand_input_attr", ""))}))
    fields |= {f"params.{name}": param.get("default") for name, param in own.items()}
    if expanded := task.get(str(task.get("expand_input_attr", ""))):
        fields["expand"] = encoding.plain(expanded).get("value")
    module = _MODULE.sub("", str(task.get("task_module", "")))
    name = str(task.get("operator_name") or task.get("task_type") or "BaseOperator")
    # Airflow's own operators have moved to a provider; one of the user's own is another one when it moves.
    if not module.startswith("airflow.") and module:
        fields["operator"] = f"{module}.{task.get('task_type', '')}"
    pool, queue = fields.get("pool", defaults.OF_TASK["pool"]), fields.get("queue", defaults.OF_TASK["queue"])
    return NormalTask(
        operator=name,
        fields=fields,
        callable=_MODULE.sub("", str(task.get("python_callable_name") or "")).rpartition(".")[2],
        downstream=tuple(sorted(map(str, task.get("downstream_task_ids") or ()))),
        pool=str(pool),
        queue=str(queue),
        produces=tuple(timetable.assets(given.get("outlets"))),
    )


def _renamed(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {defaults.RENAMED.get(name, name.removeprefix("_")): value for name, value in fields.items()}


def _fields(given: Mapping[str, Any], usual: Mapping[str, Any], left: Collection[str]) -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        if name in left or (value in (None, usual[name]) if name in usual else _is_empty(value)):
            continue
        if name in defaults.DURATIONS:
            yield name, encoding.duration(value)
        elif name in defaults.MOMENTS:
            yield name, encoding.moment(value)
        elif name == "access_control":
            yield name, _access(encoding.plain(value))
        elif not _is_empty(found := encoding.plain(value)) or name in usual:
            yield name, found


def _is_empty(value: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a field says nothing, where no table has a default for it; a number always says something."""
    return value is None or value is False or (isinstance(value, str | list | dict) and not value)


def _access(roles: Any) -> Any:  # noqa: ANN401 - JSON
    """Airflow 3.0 leaves out that what is granted is of DAGs."""
    if not isinstance(roles, dict):
        return roles
    return {role: {"DAGs": granted} if isinstance(granted, list) else granted for role, granted in roles.items()}


def _params(found: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - JSON
    """Params by name: a list of pairs, in older releases an object."""
    pairs: Iterable[Any] = found.items() if isinstance(found, dict) else _several(found)
    params = {}
    for pair in pairs:
        name, param = pair if isinstance(pair, list | tuple) and len(pair) == 2 else ("", None)  # noqa: PLR2004
        if isinstance(param, dict) and "default" in param:
            schema, described = encoding.plain(param.get("schema")), param.get("description")
            params[str(name)] = {
                "default": encoding.plain(param["default"]),
                **({"schema": schema} if schema else {}),
                **({"description": described} if described else {}),
            }
        elif name:
            params[str(name)] = {"default": encoding.plain(param)}
    return params


def _own(params: Any) -> Any:  # noqa: ANN401 - JSON
    """Params of a task without those that it has of its DAG, as far as a release says which they are."""
    if not isinstance(params, list):
        return params
    return [
        pair
        for pair in params
        if not (isinstance(pair, list) and isinstance(pair[-1], dict) and pair[-1].get("source") == "dag")
    ]


def _several(found: Any) -> list[Any]:  # noqa: ANN401 - JSON
    found = encoding.plain(found)
    return found if isinstance(found, list) else []


def _number(found: Any) -> float | None:  # noqa: ANN401 - JSON
    found = found.get("__var") if isinstance(found, dict) else found
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
