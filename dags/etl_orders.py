"""TaskFlow: extract, transform with pandas, load."""

import pandas as pd
import pendulum
from helpers import shop
from helpers.airflow_compat import dag, task


@dag(schedule="@daily", start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False, tags=["sample"])
def etl_orders():
    @task
    def extract():
        return shop.read_orders()

    @task
    def transform(orders):
        frame = pd.DataFrame(orders).astype({"quantity": int, "price": float})
        frame["sales"] = frame["quantity"] * frame["price"]
        return frame.groupby("region")["sales"].sum().round(2).to_dict()

    # Whoever is scheduled on this asset runs when the task succeeds: see on_new_sales.py.
    @task(outlets=[shop.DAILY_SALES])
    def load(sales, *, outlet_events=None):
        for region, amount in sales.items():
            print(f"{region:<8}{amount:>10.2f}")
        outlet_events[shop.DAILY_SALES].extra = {"total": round(sum(sales.values()), 2)}

    load(transform(extract()))


etl_orders()
