"""Airflow's dag-processor, in the one process that parses: what it does beyond what it asks of a bundle."""
