"""Installs pytest beside the image that is tested."""
