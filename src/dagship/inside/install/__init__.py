"""Installs a lock beside Airflow, in a stage of the build."""
