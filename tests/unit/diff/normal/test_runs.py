"""The next runs of a DAG, and those that it makes at once."""

import datetime as dt
from typing import Any

import pytest

from dagship.diff.normal import runs
from dagship.diff.normal.dag import NormalDag
from tests.builders.snapshots import Edit, given, normal

NOW = dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)


def cron(expression: str, timezone: str = "UTC", kind: str = "trigger.CronTrigger", **more: Any) -> NormalDag:
    path = f"airflow.timetables.{kind}Timetable"
    found = {"__type": path, "__var": {"expression": expression, "timezone": timezone}}
    return normal("bare", given(timetable=found, timezone=timezone, **more))


def began(*day: int, **more: Any) -> dict[str, Any]:
    return {"start_date": dt.datetime(*day, tzinfo=dt.UTC).timestamp(), "catchup": True, **more}


def test_the_next_runs_stay_at_their_hour_when_clocks_change() -> None:
    found = runs.schedule(cron("0 3 * * *", "Europe/Berlin"), NOW)

    assert found.next_runs == (
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T03:00:00+02:00",
        "2026-03-31T03:00:00+02:00",
    )
    assert found.timezone == "Europe/Berlin"


def test_no_run_is_made_after_the_end() -> None:
    end = dt.datetime(2026, 3, 29, 23, tzinfo=dt.UTC).timestamp()

    assert len(runs.schedule(cron("0 3 * * *", end_date=end), NOW).next_runs) == 1


def test_runs_of_an_interval_are_counted_from_the_start() -> None:
    every = {"__type": "airflow.timetables.trigger.DeltaTriggerTimetable", "__var": {"delta": 6 * 3600.0}}
    found = runs.schedule(normal("bare", given(timetable=every, start_date=1767225600.0 + 60)), NOW)

    assert found.next_runs[0] == "2026-03-28T12:01:00+00:00"


@pytest.mark.parametrize("expression", ["no cron", "* * * * * * * *", "99 99 * * *"])
def test_what_is_no_cron_expression_has_no_next_runs_and_is_said_to_be_unknown(expression: str) -> None:
    found = runs.schedule(cron(expression), NOW)

    assert (found.next_runs, found.is_known) == ((), False)


def test_a_timetable_of_the_users_own_is_unknown_and_none_is_known() -> None:
    own: Edit = given(timetable={"__type": "ours.Weekly", "__var": {}})

    assert not runs.schedule(normal("bare", own), NOW).is_known
    assert runs.schedule(normal("bare"), NOW).is_known


def test_a_new_dag_that_catches_up_makes_all_runs_since_its_start_at_once() -> None:
    found = runs.at_once(None, cron("0 3 * * *", **began(2026, 3, 1), max_active_runs=4), NOW)

    assert found is not None
    assert (found.runs, found.since, found.together, found.why) == (28, "2026-03-01T03:00:00+00:00", 4, "new")
    assert not found.if_never_run


def test_a_run_for_an_interval_is_made_at_its_end() -> None:
    found = runs.at_once(None, cron("0 3 * * *", kind="interval.CronDataInterval", **began(2026, 3, 1)), NOW)

    assert found is not None
    assert (found.runs, found.since) == (27, "2026-03-02T03:00:00+00:00")


def test_a_dag_that_catches_up_from_now_on_makes_them_only_where_it_never_ran() -> None:
    was, now = cron("@daily", **began(2026, 3, 1, catchup=False)), cron("@daily", **began(2026, 3, 1))
    last = dt.datetime(2026, 3, 25, tzinfo=dt.UTC).timestamp()
    unasked, asked = runs.at_once(was, now, NOW), runs.at_once(was, now, NOW, last, asked=True)

    assert unasked is not None
    assert asked is not None
    assert (unasked.runs, unasked.if_never_run, unasked.why) == (28, True, "catchup")
    assert (asked.runs, asked.if_never_run, asked.since) == (3, False, "2026-03-26T00:00:00+00:00")


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (None, began(2026, 3, 1, catchup=False)),
        (began(2026, 3, 1), began(2026, 3, 1)),
        (None, began(2026, 3, 28)),
        (None, {"catchup": True, "start_date": None}),
    ],
)
def test_nothing_is_made_at_once(was: dict[str, Any] | None, now: dict[str, Any]) -> None:
    before = cron("@daily", **was) if was is not None else None

    assert runs.at_once(before, cron("@daily", **now), NOW) is None


def test_counting_ends_somewhere() -> None:
    found = runs.at_once(None, cron("* * * * *", **began(2020, 1, 1)), NOW)

    assert found is not None
    assert (found.runs, found.and_more) == (runs.MOST, True)
