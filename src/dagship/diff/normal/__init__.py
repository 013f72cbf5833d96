"""The normal form of a DAG: what Airflow serializes it to, the same for each of its releases."""
