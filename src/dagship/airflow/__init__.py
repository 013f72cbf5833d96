"""Asks a running Airflow for its runs, tasks and DAGs, and pauses DAGs."""
