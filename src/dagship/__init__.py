"""dagship: a directory of Airflow DAGs becomes a tested, immutable container image."""
