"""Asks Airflow's REST API for what `inside/scheduler/` asks the metadata database for, with the same answers.

What only the scheduler's container knows, its image and its configuration, the API does not say: the caller brings it.
"""
