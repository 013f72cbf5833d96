"""Code the DAGs share. It is part of the DAG version, so a run keeps the helpers it began with."""
