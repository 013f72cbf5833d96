"""Runs the commands that make files of a DAG version."""
