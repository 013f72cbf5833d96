"""Builds packages of the project: what resolves and what installs do the same with them."""
