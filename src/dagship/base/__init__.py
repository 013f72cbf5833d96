"""The Airflow base image, made from Debian and PyPI packages alone."""
