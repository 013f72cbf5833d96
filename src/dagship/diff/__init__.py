"""What becomes other in Airflow when one version takes the place of another: a pure comparison of two snapshots."""
