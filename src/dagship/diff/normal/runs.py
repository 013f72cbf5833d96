"""The runs that a timetable makes: the next ones, and those that are made at once since they were missed. Pure.

Cron expressions mean what they mean to croniter, which Airflow takes as well; they are of the clock on the wall, so
that a run at three stays at three when clocks change (airflow/timetables/_cron.py).
"""

import datetime as dt
import itertools
from collections.abc import Iterator
from heapq import merge
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dagship.diff.normal.dag import NormalDag
from dagship.diff.normal.timetable import Timetable
from dagship.model.release_document import RunsAtOnce, Schedule

SHOWN = 3
"""Next runs that are told."""
MOST = 10_000
"""Runs up to which those that are made at once are counted."""

_KNOWN = ("none", "once", "continuous", "assets")


def schedule(dag: NormalDag, now: dt.datetime) -> Schedule:
    """Returns when runs of a DAG are made, as of `now`."""
    zone = _zone(dag.timetable.timezone or dag.timezone)
    name = dag.timetable.timezone or dag.timezone
    plain = Schedule(text=dag.timetable.text, timezone=name, is_known=dag.timetable.kind in _KNOWN)
    if zone is None or dag.timetable.kind not in ("cron", "delta"):
        return plain
    try:
        following = itertools.islice(_upcoming(dag, now, zone), SHOWN)
        return plain.model_copy(
            update={"next_runs": tuple(one.astimezone(zone).isoformat() for one in following), "is_known": True}
        )
    except (ValueError, OverflowError):  # croniter's errors are ValueErrors
        return plain


def at_once(
    was: NormalDag | None, now_is: NormalDag, now: dt.datetime, last: float | None = None, *, asked: bool = False
) -> RunsAtOnce | None:
    """Returns the runs that a DAG makes as soon as it is there; None where it makes no missed ones, or none is known.

    Args:
        was: The DAG as it was; None where it is new.
        now_is: The DAG as it is to be.
        now: The time.
        last: When its last scheduled run was made, epoch seconds: Airflow goes on from there. None where none was.
        asked: Whether Airflow was asked for that.

    """
    why = _why(was, now_is)
    zone = _zone(now_is.timetable.timezone or now_is.timezone)
    if not why or not now_is.catchup or now_is.start is None or zone is None:
        return None
    try:
        began = dt.datetime.fromtimestamp(now_is.start, tz=dt.UTC)
        after = began if last is None or was is None else dt.datetime.fromtimestamp(last, tz=dt.UTC)
        ended = now if now_is.end is None else min(now, dt.datetime.fromtimestamp(now_is.end, tz=dt.UTC))
        missed = itertools.takewhile(lambda one: one <= ended, _from(now_is.timetable, began, zone))
        found = list(itertools.islice((one for one in missed if one > after or after == began), MOST + 1))
    except (ValueError, OverflowError, OSError):
        return None
    # One is made in any case: a DAG that makes up for nothing begins with the last.
    if len(found) <= 1:
        return None
    return RunsAtOnce(
        runs=min(len(found), MOST),
        and_more=len(found) > MOST,
        since=found[0].astimezone(zone).isoformat(),
        together=now_is.most_at_once,
        why=why,
        if_never_run=was is not None and not asked,
    )


def _why(was: NormalDag | None, now: NormalDag) -> Literal["new", "catchup", "schedule", "start", ""]:
    if was is None:
        return "new"
    if now.catchup and not was.catchup:
        return "catchup"
    if (was.timetable.text, was.timezone) != (now.timetable.text, now.timezone):
        return "schedule"
    return "start" if now.start is not None and (was.start is None or now.start < was.start) else ""


def _upcoming(dag: NormalDag, now: dt.datetime, zone: dt.tzinfo) -> Iterator[dt.datetime]:
    end = None if dag.end is None else dt.datetime.fromtimestamp(dag.end, tz=dt.UTC)
    start = None if dag.start is None else dt.datetime.fromtimestamp(dag.start, tz=dt.UTC)
    if dag.timetable.kind == "delta":
        # Counted from the start, as runs that were never missed are.
        origin, step = start or now, dt.timedelta(seconds=dag.timetable.seconds)
        passed = max(0, (now - origin) // step)
        runs: Iterator[dt.datetime] = _steps(origin + passed * step, step)
    else:
        runs = _crons(dag.timetable.crons, max(now, start) if start else now, zone)
    upcoming = (one for one in runs if one > now)
    return itertools.takewhile(lambda one: end is None or one <= end, upcoming)


def _from(timetable: Timetable, began: dt.datetime, zone: dt.tzinfo) -> Iterator[dt.datetime]:
    """The times at which runs are made from a start on, without end."""
    if timetable.kind == "delta":
        runs = _steps(began, dt.timedelta(seconds=timetable.seconds))
    elif timetable.kind == "cron":
        runs = _crons(timetable.crons, began - dt.timedelta(seconds=1), zone)
    else:
        return iter(())
    return itertools.islice(runs, 1, None) if timetable.at_end else runs


def _steps(first: dt.datetime, step: dt.timedelta) -> Iterator[dt.datetime]:
    while True:
        yield first
        first += step


def _crons(expressions: tuple[str, ...], after: dt.datetime, zone: dt.tzinfo) -> Iterator[dt.datetime]:
    runs = merge(*(_cron(expression, after, zone) for expression in expressions))
    return (one for one, _ in itertools.groupby(runs))


def _cron(expression: str, after: dt.datetime, zone: dt.tzinfo) -> Iterator[dt.datetime]:
    from croniter import croniter

    clock = croniter(expression, after.astimezone(zone).replace(tzinfo=None))
    while True:
        yield clock.get_next(dt.datetime).replace(tzinfo=zone).astimezone(dt.UTC)


def _zone(name: str) -> dt.tzinfo | None:
    """A time zone by its name, or by its distance from UTC in seconds; None where this machine knows none."""
    if name.lstrip("+-").isdecimal():
        return dt.timezone(dt.timedelta(seconds=int(name))) if abs(int(name)) < 86_400 else None  # noqa: PLR2004
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return dt.UTC if name == "UTC" else None
