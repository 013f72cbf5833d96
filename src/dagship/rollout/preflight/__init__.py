"""Refuses what cannot end well, before anything changes."""
