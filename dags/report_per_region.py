"""Dynamic task mapping: as many report tasks as the data has regions, known only when the run is under way."""

import pendulum
from helpers import shop
from helpers.airflow_compat import dag, task


@dag(schedule="@weekly", start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False, tags=["sample"])
def report_per_region():
    @task
    def regions():
        return sorted({order["region"] for order in shop.read_orders()})

    @task
    def report(region):
        orders = [order for order in shop.read_orders() if order["region"] == region]
        return f"{region}: {sum(int(order['quantity']) for order in orders)} items in {len(orders)} orders"

    @task
    def publish(reports):
        print("\n".join(reports))

    publish(report.expand(region=regions()))


report_per_region()
