"""Thin images: one layer above an image that runs, with a DAG version that its pods can take as they run."""
