"""The process that imports Airflow, and its children that import DAG files: nothing it says is taken on trust."""
