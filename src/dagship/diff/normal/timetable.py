"""When runs of a DAG are made, by what its timetable is serialized to: one of a few kinds. Pure.

Which of them makes what runs is Airflow's: airflow/timetables, releases 2.10 to 3.4.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dagship.diff.normal import encoding

# `interval`: a run is made at the end of the time it is for. `trigger`: at the time itself.
_CRON = {
    "CronDataIntervalTimetable": "interval",
    "CronTriggerTimetable": "trigger",
    "CronPartitionTimetable": "trigger",
    "MultipleCronTriggerTimetable": "trigger",
}
_DELTA = {"DeltaDataIntervalTimetable": "interval", "DeltaTriggerTimetable": "trigger"}
_ASSETS = ("AssetTriggeredTimetable", "DatasetTriggeredTimetable", "PartitionedAssetTimetable")
_ASSETS_OR_TIME = ("AssetOrTimeSchedule", "DatasetOrTimeSchedule")

Kind = Literal["none", "once", "continuous", "cron", "delta", "assets", "custom"]

_FIXED: Mapping[str, tuple[Kind, str]] = {
    "NullTimetable": ("none", "none"),
    "OnceTimetable": ("once", "@once"),
    "ContinuousTimetable": ("continuous", "@continuous"),
}


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """When runs are made.

    Attributes:
        kind: What makes them; `custom` is one that Airflow alone knows.
        text: For people.
        crons: Cron expressions, for `cron`.
        seconds: Between two runs, for `delta`.
        timezone: Time zone of the expressions, where they have one of their own.
        at_end: Whether the first run is made an interval after the start, and not at it.
        way: The class, where two of them have one text.
        assets: (name, uri) of those that make runs, for `assets`.

    """

    kind: Kind
    text: str
    crons: tuple[str, ...] = ()
    seconds: float = 0.0
    timezone: str = ""
    at_end: bool = False
    way: str = ""
    assets: tuple[tuple[str, str], ...] = ()


NONE = Timetable(kind="none", text="none")


def read(dag: Mapping[str, Any]) -> Timetable:
    """Returns the timetable of a serialized DAG, the names of whose fields have no underscore before them."""
    if isinstance(found := dag.get("timetable"), dict):
        return _of(found)
    # Airflow 2 serializes what was given, where that is no cron expression.
    interval = dag.get("schedule_interval")
    if interval is None:
        return NONE
    if isinstance(interval, dict) and interval.get("__type") == "timedelta":
        return _delta({"delta": interval.get("__var")}, "DeltaDataIntervalTimetable")
    if isinstance(interval, str):
        return Timetable(kind="cron", text=interval, crons=(interval,), at_end=True, way="CronDataIntervalTimetable")
    return Timetable(kind="custom", text=encoding.text(encoding.plain(interval)))


def _of(found: Mapping[str, Any]) -> Timetable:
    path, given = str(found.get("__type", "")), found.get("__var")
    given = given if isinstance(given, dict) else {}
    name = path.rpartition(".")[2] or path
    # Whoever writes one of their own may give it one of Airflow's names.
    read = _READ.get(name, _custom) if path.startswith("airflow.") else _custom
    return read(given, name)


def _fixed(_: Mapping[str, Any], name: str) -> Timetable:
    kind, text = _FIXED[name]
    return Timetable(kind=kind, text=text)


def _cron(given: Mapping[str, Any], name: str) -> Timetable:
    expressions = given.get("expressions", [given.get("expression")])
    crons = tuple(map(str, expressions)) if isinstance(expressions, list) else ()
    return Timetable(
        kind="cron",
        text="; ".join(crons),
        crons=crons,
        timezone=_zone(given.get("timezone")),
        at_end=_CRON[name] == "interval",
        way=_way(given, name),
    )


def _delta(given: Mapping[str, Any], name: str) -> Timetable:
    delta = given.get("delta")
    at_end = _DELTA[name] == "interval"
    if isinstance(delta, bool) or not isinstance(delta, int | float) or delta <= 0:  # months and the like
        return Timetable(kind="custom", text=encoding.text(encoding.plain(delta)), way=name)
    return Timetable(
        kind="delta", text=str(encoding.duration(delta)), seconds=float(delta), at_end=at_end, way=_way(given, name)
    )


def _assets(given: Mapping[str, Any], name: str) -> Timetable:
    condition = given.get("asset_condition", given.get("dataset_condition"))
    inner = given.get("timetable")
    besides = _of(inner).text if isinstance(inner, dict) else ""
    said = _condition(condition)
    return Timetable(
        kind="assets",
        text=f"{said} or {besides}" if besides else said,
        assets=tuple(dict.fromkeys(assets(condition))),
        way=besides and name,
    )


def assets(found: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Finds the assets (name, uri) in a condition, or in what a task produces."""
    if isinstance(found, list):
        for each in found:
            yield from assets(each)
    elif isinstance(found, dict):
        inner = found.get("__var") if isinstance(found.get("__var"), dict) else found
        kind = str(found.get("__type", "")).replace("dataset", "asset")
        if kind == "asset" and isinstance(inner, dict):
            uri = str(inner.get("uri", ""))
            yield str(inner.get("name") or uri), uri
        elif kind in ("asset_ref", "asset_alias", "asset_name_ref", "asset_uri_ref") and isinstance(inner, dict):
            yield str(inner.get("name") or inner.get("uri") or ""), str(inner.get("uri") or "")
        elif "objects" in found:
            yield from assets(found["objects"])


def _condition(found: Any) -> str:  # noqa: ANN401 - JSON
    if not isinstance(found, dict):
        return "assets"
    objects = found.get("objects")
    if not isinstance(objects, list):
        return ", ".join(name for name, _ in assets(found)) or "assets"
    joint = " or " if str(found.get("__type", "")).endswith("_any") else " and "
    said = [_condition(each) for each in objects]
    return joint.join(f"({each})" if " or " in each or " and " in each else each for each in said) or "assets"


def _way(given: Mapping[str, Any], name: str) -> str:
    """The class, with what else was given to it: the time that a run is for, and whether one is made at once."""
    more = {key: encoding.plain(given[key]) for key in ("interval", "run_immediately") if given.get(key)}
    return f"{name} {encoding.text(more)}" if more else name


def _custom(given: Mapping[str, Any], name: str) -> Timetable:
    return Timetable(kind="custom", text=f"{name} {encoding.text(encoding.plain(given))}" if given else name)


def _zone(found: Any) -> str:  # noqa: ANN401 - JSON
    return str(found) if isinstance(found, str | int) else ""


_READ: Mapping[str, Callable[[Mapping[str, Any], str], Timetable]] = {
    **dict.fromkeys(_FIXED, _fixed),
    **dict.fromkeys(_CRON, _cron),
    **dict.fromkeys(_DELTA, _delta),
    **dict.fromkeys((*_ASSETS, *_ASSETS_OR_TIME), _assets),
}
