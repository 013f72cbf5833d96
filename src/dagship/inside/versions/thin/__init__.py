"""DAG versions that come to a pod which runs: announced by a ConfigMap that it has mounted, and assembled here."""
