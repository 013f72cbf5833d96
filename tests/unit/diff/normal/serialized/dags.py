# ruff: noqa: AIR311, UP017
"""One DAG with most of what a DAG can have, for Airflow 2.10 to 3.4."""

from datetime import datetime, timedelta, timezone

try:
    from airflow.sdk import DAG, Asset, Param, TaskGroup, task
except ImportError:
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task
    from airflow.models.param import Param
    from airflow.utils.task_group import TaskGroup
try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.providers.standard.operators.empty import EmptyOperator
except ImportError:
    from airflow.operators.bash import BashOperator
    from airflow.operators.empty import EmptyOperator
import pendulum

with DAG(
    "plain",
    description="what it is",
    schedule="0 3 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Berlin"),
    catchup=True,
    tags=["b", "a"],
    max_active_runs=3,
    params={"limit": Param(5, type="integer"), "free": "text"},
    default_args={"owner": "data", "retries": 2, "retry_delay": timedelta(minutes=3)},
    dagrun_timeout=timedelta(hours=2),
    doc_md="# doc",
    access_control={"Viewer": {"can_read"}},
) as dag:
    first = BashOperator(task_id="first", bash_command="echo {{ ds }}", pool="heavy", env={"A": "b"})
    with TaskGroup("group"):
        second = EmptyOperator(task_id="second", queue="gpu", trigger_rule="all_done", priority_weight=3)
        third = EmptyOperator(
            task_id="third", outlets=[Asset("s3://bucket/third")], execution_timeout=timedelta(seconds=90)
        )

    @task(retries=4)
    def fourth(x=1):
        return x

    @task
    def fifth(y):
        return y

    first >> [second, third]
    second >> fourth(2)
    fifth.expand(y=[1, 2, 3])

with DAG("bare", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)) as bare:
    EmptyOperator(task_id="only")

with DAG("interval", schedule=timedelta(hours=6), start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False):
    EmptyOperator(task_id="only")

with DAG(
    "assets",
    schedule=[Asset("s3://bucket/third"), Asset("s3://bucket/other")],
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
):
    EmptyOperator(task_id="only")
with DAG(
    "both",
    schedule=(Asset("s3://bucket/third") | Asset("s3://bucket/other")),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
):
    EmptyOperator(task_id="only")
with DAG("once", schedule="@once", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)):
    EmptyOperator(task_id="only")
with DAG("always", schedule="@continuous", max_active_runs=1, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)):
    EmptyOperator(task_id="only")
