"""Timetables as Airflow serializes them."""

from typing import Any

import pytest

from dagship.diff.normal import timetable


def of(name: str, **given: Any) -> timetable.Timetable:
    return timetable.read({"timetable": {"__type": f"airflow.timetables.{name}", "__var": given}})


ASSET = {"__type": "asset", "name": "orders", "uri": "s3://orders"}


@pytest.mark.parametrize(
    ("name", "given", "kind", "text"),
    [
        ("simple.NullTimetable", {}, "none", "none"),
        ("simple.OnceTimetable", {}, "once", "@once"),
        ("trigger.CronTriggerTimetable", {"expression": "0 3 * * *", "timezone": "UTC"}, "cron", "0 3 * * *"),
        ("trigger.MultipleCronTriggerTimetable", {"expressions": ["0 3 * * *", "0 9 * * *"]}, "cron", "0 3 * * *; 0 9 * * *"),
        ("interval.DeltaDataIntervalTimetable", {"delta": 86400.0}, "delta", "1 day, 0:00:00"),
        ("interval.DeltaDataIntervalTimetable", {"delta": {"months": 1}}, "custom", '{"months": 1}'),
        ("events.EventsTimetable", {"event_dates": [1]}, "custom", 'EventsTimetable {"event_dates": [1]}'),
    ],
)  # fmt: skip
def test_what_makes_runs_is_told(name: str, given: dict[str, Any], kind: str, text: str) -> None:
    found = of(name, **given)

    assert (found.kind, found.text) == (kind, text)


def test_assets_are_told_with_how_they_are_joined() -> None:
    other = {**ASSET, "name": "items", "uri": "s3://items"}
    condition = {"__type": "asset_all", "objects": [ASSET, {"__type": "asset_any", "objects": [ASSET, other]}]}
    found = of("simple.AssetTriggeredTimetable", asset_condition=condition)

    assert found.text == "orders and (orders or items)"
    assert found.assets == (("orders", "s3://orders"), ("items", "s3://items"))


def test_assets_or_a_time_are_told_with_both() -> None:
    inner = {"__type": "airflow.timetables.trigger.CronTriggerTimetable", "__var": {"expression": "0 3 * * *"}}
    found = of("assets.AssetOrTimeSchedule", asset_condition=ASSET, timetable=inner)

    assert found.text == "orders or 0 3 * * *"


def test_one_of_the_users_own_is_custom_whatever_it_is_called() -> None:
    found = timetable.read({"timetable": {"__type": "ours.CronTriggerTimetable", "__var": {"expression": "x"}}})

    assert found.kind == "custom"


def test_airflow_2_has_an_interval_where_it_has_no_timetable() -> None:
    found = timetable.read({"schedule_interval": {"__type": "timedelta", "__var": 3600.0}})

    assert (found.kind, found.seconds, found.at_end) == ("delta", 3600.0, True)
    assert timetable.read({"schedule_interval": None}) == timetable.NONE
