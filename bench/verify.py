"""`test-image` of many DAG files against Airflow's own list of import errors in the same image."""

from pathlib import Path

from bench.project import Project
from bench.table import Row, ratio_row
from bench.timing import alternately, run

COUNT = 300
_WITH_DATABASE = "dagship/bench:with-database"
_DAG = '''\
"""Loads the orders of region {number}."""

from datetime import datetime, timedelta

{imports}


@dag(schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, default_args={{"retries": 2}}, tags=["orders"])
def orders_of_region_{number}():
    @task
    def extract() -> list[dict]:
        return [{{"order": n, "amount": n * {number}}} for n in range(10)]

    @task(retry_delay=timedelta(minutes=1))
    def transform(orders: list[dict]) -> dict:
        return {{"orders": len(orders), "amount": sum(order["amount"] for order in orders)}}

    @task
    def load(totals: dict) -> None:
        print(totals)

    load(transform(extract()))


orders_of_region_{number}()
'''


def generate(dags: Path, count: int = COUNT) -> None:
    """Writes DAG files into a new directory."""
    dags.mkdir(parents=True)
    for number in range(count):
        text = _DAG.format(number=number, imports="from airflow.sdk import dag, task")
        (dags / f"orders_{number:03}.py").write_text(text, encoding="utf-8")


def rows(project: Project, rounds: int, count: int = COUNT) -> list[Row]:
    """Builds an image with many generated DAG files and tests it both ways."""
    dags = project.directory / "generated"
    generate(dags, count)
    image = project.document("build", "--dags", str(dags))["reference"]
    # The other side wants a metadata database, which a user would have; making it is not counted.
    context = project.directory / "with-database"
    context.mkdir(exist_ok=True)
    (context / "Dockerfile").write_text(f"FROM {image}\nRUN airflow db migrate\n", encoding="utf-8")
    run(["docker", "buildx", "build", "--load", "--tag", _WITH_DATABASE, str(context)])
    listing = ["docker", "run", "--rm", _WITH_DATABASE, "airflow", "dags", "list-import-errors", "--local"]
    pair = alternately(
        lambda: project.invoke("test-image", "--image", image).seconds, lambda: run(listing).seconds, min(rounds, 3)
    )
    return [
        ratio_row(
            what=f"`test-image` of {count} generated DAG files",
            against="`airflow dags list-import-errors --local` in the same image, its database made beforehand",
            pair=pair,
            bound=1.3,
            remark="the other finds import errors alone, and none of duplicate ids, serialization or network access",
        )
    ]
