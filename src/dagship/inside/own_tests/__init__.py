"""Runs the user's own tests in the image."""
