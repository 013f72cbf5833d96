"""Assets (Datasets in Airflow 2): no clock; this runs whenever etl_orders has loaded new sales."""

import pendulum
from helpers import shop
from helpers.airflow_compat import dag, task


@dag(schedule=[shop.DAILY_SALES], start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False, tags=["sample"])
def on_new_sales():
    @task(inlets=[shop.DAILY_SALES])
    def announce(*, inlet_events=None):
        events = inlet_events[shop.DAILY_SALES]
        return f"Sales so far: {events[-1].extra['total']:.2f}" if events else "Nothing sold yet."

    announce()


on_new_sales()
