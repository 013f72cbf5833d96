"""Thin delivery: what a running Airflow can take without a new pod, and what is then to be announced. Pure."""
