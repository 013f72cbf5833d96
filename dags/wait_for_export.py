"""A sensor: waits until the export is complete, and holds no worker slot while it waits."""

import pendulum
from helpers import shop
from helpers.airflow_compat import dag, task


@dag(schedule="@daily", start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False, tags=["sample"])
def wait_for_export():
    @task.sensor(poke_interval=30, timeout=6 * 60 * 60, mode="reschedule")
    def export_is_complete():
        return shop.export_is_complete()

    @task
    def count_orders():
        return len(shop.read_orders())

    export_is_complete() >> count_orders()


wait_for_export()
