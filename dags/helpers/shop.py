"""A small web shop and what its order system exports."""

import csv
import os
from pathlib import Path

from helpers.airflow_compat import Asset

# The sample export lies beside the DAGs, so it is in the image with them. A real one would be mounted or fetched.
EXPORT = Path(os.environ.get("SHOP_EXPORT") or Path(__file__).parents[1] / "export")

DAILY_SALES = Asset("daily_sales")


def export_is_complete() -> bool:
    """Whether the order system has written its marker, which it does last."""
    return (EXPORT / "_SUCCESS").is_file()


def read_orders() -> list[dict[str, str]]:
    """The rows of the export."""
    with (EXPORT / "orders.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
