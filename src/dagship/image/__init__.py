"""The image that carries the DAGs."""
