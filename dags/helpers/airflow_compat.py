"""The names that moved between Airflow 2 and 3, from where this Airflow has them."""

try:
    from airflow.sdk import Asset, dag, task
except ImportError:  # Airflow 2
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import dag, task

__all__ = ["Asset", "dag", "task"]
