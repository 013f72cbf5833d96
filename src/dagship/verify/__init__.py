"""The test of an image: every DAG is imported in it."""
