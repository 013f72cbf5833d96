"""Packages of the project itself that the DAGs need: read from requirements, built, and what they need in turn."""
