"""Moves a running Airflow onto an image: preflight, lock, move, watch, and back again when it fails."""
