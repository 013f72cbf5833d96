"""Runs the commands of the setting `prepare`, which make files of a DAG version, in a build above the image."""
